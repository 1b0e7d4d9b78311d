export { capWeights, type SiteWeight } from './cap-weights.js';
export { checkDelta, checkModel } from './check-delta.js';
export { ERRORS } from './errors.js';
export { type FedAvgInput, fedAvg, type WeightedUpdate } from './fedavg.js';
export { combineFigures, type WeightedFigures } from './figures.js';
export type { SliceSource, TensorReader, TensorSource } from './tensor-source.js';
