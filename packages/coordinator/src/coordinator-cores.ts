// The coordinator without its shell, for a simulator that holds thousands of sites in memory: the door `@fedvox/coordinator/cores`.
export { admitStatement, admitUpdate } from './core/admission.js';
export { isMissed } from './core/attendance.js';
export { lastGain, type ModelComparison } from './core/best-model.js';
export type { JobFact } from './core/facts.js';
export { step, submitJob } from './core/job-machine.js';
export {
  isOver,
  type JobEffect,
  type JobEvent,
  type JobState,
  nextTickAtMs,
} from './core/job-state.js';
export { planOfJob } from './core/plan-of-job.js';
export { bestOf, type ModelRow, type ReportedFigures, tabulate } from './core/results.js';
export { roundTakes } from './core/round-machine.js';
export { shownRow } from './core/shown-figures.js';
export { invitedSites, standingOf } from './core/standing.js';
export { taskOf } from './core/tasks.js';
export type { RoundVerdict } from './core/verdict.js';
