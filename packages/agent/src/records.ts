/**
 * The second door, `@fedvox/agent/records`: what an agent leaves in its state folder, for whoever reads it
 * there. It loads nothing that dials, trains or listens.
 */
export type { ApprovalCard } from './approvals/approval-card.js';
export { answerApproval, siteApproval, siteApprovals } from './approvals/approvals.js';
export { type ConsoleConfig, loadSiteConfig, type SiteConfig } from './config.js';
export type { CaseFigures, RoundCases } from './core/case-figures.js';
export type { DiaryEntry } from './core/diary-entry.js';
export { DiaryReader, type DiaryReading, readDiary } from './diary/read-diary.js';
export {
  bytesByKind,
  type EgressGap,
  type EgressSums,
  type EgressTally,
  tallyOf,
} from './ledger/egress-sums.js';
export type { LedgerEntry } from './ledger/ledger-entry.js';
export { readLedger } from './ledger/read-ledger.js';
export {
  egressSums,
  fullEgressSums,
  type KeptSums,
  keepEgressSums,
  type SumsReading,
  unbroken,
} from './ledger/sums-file.js';
export type { SitePolicy } from './policy/site-policy.js';
export { siteOutlook } from './site-outlook.js';
export { type FolderReturn, returnFolder } from './state/return-folder.js';
export {
  type SignedStatement,
  StatementReader,
  statementBytes,
} from './state/signed-statements.js';
export { type StateFolder, stateFolder } from './state/state-folder.js';
export { type AgentLife, type AgentNow, agentLife, agentNow } from './status/agent-life.js';
export type { AgentStatus } from './status/agent-status.js';
export { readCaseFigures } from './status/case-figures-file.js';
