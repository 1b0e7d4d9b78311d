// What speaks to a coordinator and reads what it tells: the door `@fedvox/coordinator/client`, behind which there is
// no server and no database.
export { CoordinatorClient, type CoordinatorClientOptions } from './client/coordinator-client.js';
export { jobEvents } from './client/job-events.js';
export { type FollowJobOptions, followJob, type JobNews } from './client/job-follower.js';
export { type ChosenModel, chooseModel, whyNoBest } from './client/model-choice.js';
export {
  bestOf,
  type ModelRow,
  type ReportedFigures,
  type SiteCell,
  tabulate,
} from './core/results.js';
