export { ERRORS } from './errors.js';
export type { RunFolders, SiteFolders } from './federation/folders.js';
export { type FollowOptions, followJob } from './federation/follow-job.js';
export {
  LocalFederation,
  type LocalFederationOptions,
  type LocalSite,
} from './federation/local-federation.js';
export type { FedvoxCommand } from './federation/process.js';
export type { RunProgress } from './federation/run-progress.js';
export { siteEgress } from './federation/site-egress.js';
export { PHANTOM_CLASSES } from './phantom/anatomy.js';
export { writeHospital } from './phantom/hospital.js';
export { type PhantomSpec, phantomSchema } from './phantom/phantom.js';
export { type PlantedIdentity, plantedIdentity } from './phantom/planted-identity.js';
export { writeReplay } from './replay/write-replay.js';
export type { EgressBytes, Report, RoundRow } from './run-report.js';
export { eventProblems } from './scenario/event-problems.js';
export {
  eventSchema,
  latecomers,
  latenessMs,
  poisonOf,
  type ScenarioEvent,
} from './scenario/events.js';
export { type Plan, type PlannedSite, type PlanOptions, planRun } from './scenario/plan.js';
export {
  loadScenario,
  type Mode,
  type Scenario,
  type ScenarioInput,
  scenarioJsonSchema,
  scenarioSchema,
} from './scenario/scenario.js';
export { type SimulateOptions, simulateScenario } from './simulate.js';
export { runSweepWorker, type SweepWorkerOptions, type SweptPieces } from './sweep/sweep-worker.js';
export { type Befallen, Fates } from './virtual/fates.js';
export { isKill, killAgent } from './virtual/kill-agent.js';
export type { SiteLine } from './virtual/site-line.js';
export { SiteLines } from './virtual/site-lines.js';
export { Stillness } from './virtual/stillness.js';
