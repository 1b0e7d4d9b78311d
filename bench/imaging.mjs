// A series of slices read and resampled; the workload lives with the package that it measures.
export { run } from '../packages/imaging/bench/imaging.mjs';
