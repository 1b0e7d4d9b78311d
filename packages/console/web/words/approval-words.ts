import type { ApprovalVerdict } from '../../src/console-contract.js';

/** What the page says where a person is asked whether a job may begin. */
export type ApprovalWord =
  | `verdict-${ApprovalVerdict}`
  | 'answered'
  | 'answeredBy'
  | 'approvalAnswer'
  | 'approvals'
  | 'approvalsNote'
  | 'approve'
  | 'approveHelp'
  | 'askedAt'
  | 'augmentation'
  | 'cancel'
  | 'dryRun'
  | 'dryRunFew'
  | 'dryRunHelp'
  | 'dryRunResult'
  | 'fewestCases'
  | 'jobDigest'
  | 'leavesEach'
  | 'leavesSummary'
  | 'lookForJob'
  | 'none'
  | 'notAsked'
  | 'numbers'
  | 'passes'
  | 'preprocessing'
  | 'privacy'
  | 'privacySays'
  | 'reason'
  | 'refuse'
  | 'refuseHelp'
  | 'sitesAtLeast'
  | 'steps'
  | 'waitingForYou'
  | 'wouldLeave';

export type ApprovalWords = Readonly<Record<ApprovalWord, string>>;
