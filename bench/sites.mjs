// A round of many sites; the workload lives with the package that it measures.
export { run } from '../packages/coordinator/bench/sites.mjs';
