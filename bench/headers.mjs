// Headers on one thread and on several; the workload lives with the package that it measures.
export { run } from '../packages/imaging/bench/headers.mjs';
