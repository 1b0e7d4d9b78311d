export { type AggregationInput, aggregate, meanWeights } from './aggregate.js';
export { capWeights, type SiteWeight } from './cap-weights.js';
export { checkDelta, checkModel } from './check-delta.js';
export { ERRORS } from './errors.js';
export { combineFigures, type WeightedFigures } from './figures.js';
export { type Float64Reader, meanDelta } from './mean-delta.js';
export { shifted } from './shifted.js';
export { STRATEGIES } from './strategies/index.js';
export type { Aggregate, SiteUpdate, Strategies, Strategy, StrategyInput } from './strategy.js';
