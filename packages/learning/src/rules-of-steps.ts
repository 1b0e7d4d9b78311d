// What strategies add to a site's steps, for a trainer that has no network: the door `@fedvox/learning/site-rules`. No engine is loaded.
export { deltaOf, readModel, writeModel } from './bundle/model-file.js';
export {
  type CorrectedRound,
  nextCorrection,
  reachOf,
  scaffold,
} from './site-rules/corrections.js';
export { NOTHING_MORE, type RoundAtSite, type SiteRule } from './site-rules/site-rule.js';
export type { StepTerms } from './training/gradient-terms.js';
