export { backUpCoordinator, type CoordinatorBackupOptions } from './backup/back-up-coordinator.js';
export type { BackupReport } from './backup/backup.js';
export {
  type RestoreOptions,
  type RestoreReport,
  restoreCoordinator,
} from './backup/restore-coordinator.js';
export {
  type CoordinatorCheck,
  type CoordinatorFinding,
  checkCoordinator,
} from './check/coordinator-check.js';
export {
  type CoordinatorSurroundings,
  type HeldCoordinator,
  openCoordinator,
  type RunningCoordinator,
  runCoordinator,
  startCoordinator,
} from './compose.js';
export {
  type CoordinatorConfig,
  type CoordinatorConfigInput,
  coordinatorConfigSchema,
} from './config.js';
export type { JobFact, JobFailure } from './core/facts.js';
export { type Step, step, submitJob } from './core/job-machine.js';
export {
  type Activity,
  deadlineAtMs,
  dueEffects,
  type JobEffect,
  type JobEvent,
  type JobPlan,
  type JobState,
  nextTickAtMs,
  type StartedFrom,
} from './core/job-state.js';
export { type SiteTask, taskOf } from './core/tasks.js';
export { ERRORS } from './errors.js';
export { loadCoordinatorConfig } from './load-config.js';
export type {
  AcceptedUpdate,
  CoordinatorEvent,
  CurrentWork,
  IssuedInvitation,
  JobDeletion,
  JobDetails,
  JobMember,
  JobSummary,
  OperatorAdmission,
  OperatorCertificates,
  OperatorStatus,
  SiteStatus,
  SubmissionForecast,
} from './rest-contract.js';
export { openConfiguredStore } from './store/open-store.js';
export { type RecordedRun, readRun } from './store/read-run.js';
export { returnStore, type StoreReturn } from './store/return-store.js';
export type { Store } from './store/store.js';
export { folderOutlook, serverOutlook } from './store/store-outlook.js';
