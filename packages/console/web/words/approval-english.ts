import type { ApprovalWords } from './approval-words.js';

export const APPROVAL_ENGLISH: ApprovalWords = {
  'verdict-approved': 'approved',
  'verdict-refused': 'refused',
  answered: 'Answered before ({n})',
  answeredBy: '{verdict} by {by}, {at}',
  approvalAnswer: 'Answer for {job}',
  approvals: 'Waiting for you',
  approvalsNote:
    'By this site’s policy no job begins here before a person has approved it. Until then no scan is read for it, and the operator is told only that it waits.',
  approve: 'Approve',
  approveHelp:
    'The job trains here from when it is next offered, within about a minute, through all its rounds. It can still be refused later.',
  askedAt: 'asked',
  augmentation: 'augmentation',
  cancel: 'Cancel',
  dryRun: 'Its data gate, tried here',
  dryRunFew: 'The job asks for {min} cases or more: the data gate would refuse it.',
  dryRunHelp:
    'Holds every scan against what the job asks for, as its data gate would; “fedvox agent approvals JOB” prepares each case as well. Nothing is sent.',
  dryRunResult: '{usable} of {of} scans are usable for it.',
  fewestCases: '{n} cases or more',
  jobDigest: 'SHA-256 of the job',
  leavesEach:
    'each round a signed weight delta of about {round} ({encoding}), Dice, AUC and a weight; about {total} in all. No scan, label, name or file.',
  leavesSummary: ' At the data gate, medians of the data’s spacing, size and intensity.',
  lookForJob: 'Try it on the data',
  none: 'none',
  notAsked:
    'This site’s policy does not have people asked any more: jobs begin by themselves (policy.approval).',
  numbers: '{n} numbers',
  passes: '{n} rounds, each {epochs} passes over the data',
  preprocessing: 'preprocessing',
  privacy: 'by policy',
  privacySays:
    'figures about fewer than {min} cases are withheld; the weight is {source}; rounds of fewer than {cohort} sites are refused',
  reason: 'Reason, for the people of this site; it is not sent',
  refuse: 'Refuse',
  refuseHelp:
    'The operator reads that this site’s policy refuses the job, and nothing else. Approved later, it is offered again once the agent restarts.',
  sitesAtLeast: '{strategy}, of {n} sites or more',
  steps: '{n} rounds of {steps} steps',
  waitingForYou: '{n} jobs wait for your approval',
  wouldLeave: 'would leave',
};
