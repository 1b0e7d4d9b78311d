// The agent without its shell, for a simulator that holds thousands of sites in memory: the door `@fedvox/agent/cores`.
export { newAgent, step } from './core/agent-machine.js';
export type { Answer } from './core/answer.js';
export type {
  Action,
  AgentEvent,
  AgentState,
  Beat,
  Effect,
} from './core/machine-types.js';
export { makeStatement } from './core/statement.js';
export { roundOf } from './core/task.js';
export type { WorkResult } from './core/trainer.js';
export {
  figuresOutlook,
  judgeJob,
  refusalOfWithheld,
  type SitePolicy,
} from './policy/site-policy.js';
export { callFailureOf } from './shell/failures.js';
export { DEFAULT_PACE, waitMs } from './shell/pace.js';
