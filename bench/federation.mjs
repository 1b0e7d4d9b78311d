// The bytes' way through a coordinator; the workload lives with the package that it measures.
export { run } from '../packages/coordinator/bench/federation.mjs';
