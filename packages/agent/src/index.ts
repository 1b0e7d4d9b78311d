export type { CheckLine } from './check-line.js';
export {
  type CheckOptions,
  checkMembership,
  checkSite,
  type SiteCheck,
  tryGate,
} from './check-site.js';
export { type AgentOptions, type RunningAgent, startAgent } from './compose.js';
export {
  loadSiteConfig,
  resolveSiteConfig,
  type SiteConfig,
  type SiteConfigInput,
  siteConfigSchema,
} from './config.js';
export { newAgent, step } from './core/agent-machine.js';
export type { Answer } from './core/answer.js';
export type {
  Action,
  AgentEvent,
  AgentState,
  Beat,
  Effect,
  FailedCall,
  Immediate,
  Memory,
  Note,
  Now,
  Step,
  StopReason,
} from './core/machine-types.js';
export { makeStatement, type StatementInput } from './core/statement.js';
export type {
  Delta,
  Trainer,
  WorkFailure,
  WorkOrder,
  WorkProgress,
  WorkResult,
} from './core/trainer.js';
export { type Enrolled, enroll } from './enroll.js';
export { ERRORS } from './errors.js';
export type { LedgerEntry } from './ledger/ledger-entry.js';
export { type EgressSummary, readLedger, summarise } from './ledger/read-ledger.js';
export { fetchSiteData, storeSiteResult } from './pacs/site-archive.js';
export {
  fedAvgWeight,
  judgeJob,
  type SitePolicy,
  sitePolicySchema,
  withholdFigures,
} from './policy/site-policy.js';
export { DEFAULT_PACE, type Pace } from './shell/pace.js';
export { type SiteModel, siteModels } from './site-models.js';
export { type StateFolder, stateFolder } from './state/state-folder.js';
