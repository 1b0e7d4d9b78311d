import { defineErrors } from '@fedvox/base';

/** Everything that can go wrong at a site, and what the person there can do about it. */
export const ERRORS = {
  'not-sendable': {
    message: 'a message was about to leave this site that is not on the closed list: {problem}',
    advice: 'Nothing was sent. This is a defect of Fedvox: report it with this text.',
  },
  'ledger-unwritable': {
    message: 'the egress ledger {path} cannot be written: {reason}',
    advice: 'Nothing is sent without an entry. Free space on the disk or mend its permissions.',
  },
  'ledger-unreadable': {
    message: '{place} of the egress ledger {path} is not an entry: {reason}',
    advice: 'The file was altered by hand or by a failing disk: restore it from its backup.',
  },
  'ledger-too-new': {
    message:
      '{place} of the egress ledger {path} is of version {version}; this program knows {known}',
    advice: 'Use the version of Fedvox that wrote it, or a newer one; nothing was sent or changed.',
  },
  'state-unreadable': {
    message: 'the agent state in {path} cannot be used: {reason}',
    advice: 'Restore the file from its backup; removing it loses at most one undelivered round.',
  },
  'state-too-new': {
    message: 'the agent state in {folder} is of version {version}; this agent knows {known}',
    advice: 'Start the version of Fedvox that wrote it, or a newer one; nothing was changed.',
  },
  'state-half-back': {
    message: 'the agent state in {folder} is half way back to what it was before an upgrade',
    advice: 'Finish it with `fedvox upgrade back`; nothing was sent.',
  },
  'no-state-here': {
    message: 'no agent ever kept anything in {folder}',
    advice: 'Name the stateDir of the site’s configuration.',
  },
  'no-way-back': {
    message: 'no copy in {folder} was kept by an upgrade',
    advice: 'Nothing was changed that would need one, or it was gone back to already.',
  },
  'kept-out-of-step': {
    message:
      'round {round} of job {job} builds on the round before, and what this site has of it is of round {kept}, or was never accepted',
    advice:
      'Was the state folder restored from a backup? The round is not trained here, for it would be wrong for good: ask the operator to begin a new job from the last model.',
  },
  'no-such-approval': {
    message: 'no job {job} waits for the people of this site',
    advice:
      'See which do with `fedvox agent approvals`; they are asked where policy.approval is ask.',
  },
  'approval-changed': {
    message: 'job {job} is not any more what was shown',
    advice: 'Look at it again; an answer holds for the very job that it was given for.',
  },
  'reason-too-long': {
    message: 'the reason has {length} characters; {most} are the most',
    advice: 'Say it shorter. It stays at the site.',
  },
  'already-running': {
    message: 'another agent (process {pid}) already works on {folder}',
    advice: 'Stop that agent first, or give this one a stateDir of its own.',
  },
  'site-mismatch': {
    message: 'the configuration is for site {site}, but the {what} is for {other}',
    advice: 'Use the configuration and the invitation of the same site.',
  },
  'not-enrolled': {
    message: 'site {site} has no address to dial in {folder}',
    advice: 'Enrol this site first with `fedvox agent enroll`.',
  },
  'already-enrolled': {
    message: 'site {site} is already enrolled in {folder}',
    advice: 'Start the agent; to enrol anew, move that folder away and ask for a new invitation.',
  },
  'renewal-unusable': {
    message: 'the coordinator renewed the certificate with one that cannot be used: {reason}',
    advice: 'The present one is used on. Tell the operator before it ends.',
  },
  'certificate-ended': {
    message: 'the certificate of this site ended on {until}',
    advice:
      "Check this host's clock; if it is right, ask for a new invitation, move {folder} away and run `fedvox agent enroll`.",
  },
  'clock-wrong': {
    message: "this host's clock says {here}, the coordinator's {there}",
    advice: 'Set the wrong one right. The certificate is not renewed until then; work goes on.',
  },
  'no-contact-yet': {
    message: 'the agent (process {pid}) runs, but has not reached the coordinator yet',
    advice: 'Check again in a minute; its log says what it is at.',
  },
  'agent-without-answer': {
    message: 'the agent (process {pid}) runs; {ago}: {reason}',
    advice: 'It dials again by itself. See its log, the address and the way there if this lasts.',
  },
  'data-folder-missing': {
    message: 'data.path of site {site} is {path}: {reason}',
    advice: 'Correct data.path in the site’s configuration, or mount the folder.',
  },
  'no-usable-cases': {
    message: 'no usable case in {path}; {refused} scans were refused',
    advice: 'See why with `fedvox data inspect`.',
  },
  'no-archive': {
    message: 'the data of site {site} come from a folder, not from a PACS',
    advice: 'Set `data: {kind: pacs, …}` in the site’s configuration.',
  },
  'coordinator-too-old': {
    message:
      'the coordinator speaks protocol {offered}; {required} is the oldest that this agent still speaks',
    advice:
      'Start the version of Fedvox before this one, and ask the operator to upgrade the coordinator: one minor version apart is the most.',
  },
  'wrong-federation': {
    message: 'the coordinator speaks for federation {found}, this site belongs to {expected}',
    advice: 'Enrol again with an invitation of the right federation.',
  },
  'job-not-canonical': {
    message: 'this version of Fedvox reads the job differently from the one that wrote it',
    advice: 'Upgrade the older side.',
  },
  'gate-not-passed': {
    message: 'the data gate of job {job} will be answered {outcome}: {why}',
    advice: 'Correct that; then check again. The coordinator asks anew when the agent restarts.',
  },
  'no-disk-space': {
    message: 'there is no room left on the disk: {reason}',
    advice: 'Free space where `stateDir` is; the coordinator asks again by itself.',
  },
  'out-of-memory': {
    message: 'the training process ran out of memory: {reason}',
    advice: 'Close what else runs here, or ask for a smaller batch; it is tried again by itself.',
  },
  'trainer-died': {
    message: 'the training process ended unexpectedly ({how})',
    advice: 'It is tried again a few times. If it keeps dying, the machine may lack memory.',
  },
  'trainer-failed': {
    message: 'the training process failed: {reason}',
    advice: 'See the line above it in the log; the same work would fail again.',
  },
  'trainer-missing': {
    message: 'the training program is not at {path}',
    advice: 'Build the project (`npm run build`) or reinstall Fedvox.',
  },
} as const;

export const fail = defineErrors('agent', ERRORS);
