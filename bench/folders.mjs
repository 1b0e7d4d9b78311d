// A large folder, looked at twice; the workload lives with the package that it measures.
export { run } from '../packages/imaging/bench/folders.mjs';
