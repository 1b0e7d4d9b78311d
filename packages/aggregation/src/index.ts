export { type AggregationInput, aggregate, meanWeights } from './aggregate.js';
export { capWeights, type SiteWeight } from './cap-weights.js';
export { addsUpFinite, checkDelta, checkModel } from './check-delta.js';
export { ERRORS } from './errors.js';
export { combineFigures, type WeightedFigures } from './figures.js';
export { innerProducts } from './inner-products.js';
export { atWorkbench, readInto, VALUES_PER_BLOCK } from './kernels/workbench.js';
export { type Float64Reader, meanDelta } from './mean-delta.js';
export {
  type EarlierNorm,
  MAX_EARLIER_ROUNDS,
  type Screened,
  type ScreeningInput,
  screen,
} from './screen.js';
export { shifted } from './shifted.js';
export { STRATEGIES } from './strategies/index.js';
export type { Aggregate, SiteUpdate, Strategies, Strategy, StrategyInput } from './strategy.js';
