import { defineErrors } from '@fedvox/base';

/** What can be wrong with a command line itself; everything else is the packages' to say. */
export const ERRORS = {
  'not-a-number': {
    message: '{option} must be a whole number of at least {minimum}, not "{value}"',
    advice: 'Correct the option.',
  },
  'which-state': {
    message: 'name one state: a folder, or --database and nothing else',
    advice: 'Give the stateDir of an agent or a coordinator, or its database.',
  },
  'not-a-part': {
    message: '{option} must be a number between 0 and 1, not "{value}"',
    advice: 'For example 0.9.',
  },
  'not-a-length': {
    message: '{option} must be a length in mm above 0, not "{value}"',
    advice: 'Correct the option.',
  },
  'file-unreadable': {
    message: 'cannot read {path}: {reason}',
    advice: 'Check that the file exists and may be read.',
  },
  'not-confirmed': {
    message: 'job {id} is not deleted: nobody is here to confirm it',
    advice: 'Add --confirm {name}, the name of the job.',
  },
  'nobody-named': {
    message: 'nobody is named to {what}',
    advice: 'Give the name: fedvox console people {what} NAME.',
  },
  'no-password': {
    message: 'nobody is here to type the password of {name}',
    advice: 'Run the command at a terminal, or pipe the password in as one line.',
  },
  'passwords-differ': {
    message: 'the two passwords differ; nothing was changed',
    advice: 'Run the command again.',
  },
  'review-without-site': {
    message: 'nobody says whose console the review is for',
    advice:
      'Give the site’s configuration too: --config site.yaml. Reviews lie in its state folder.',
  },
  'folder-unwritable': {
    message: 'cannot make the folder of {path}: {reason}',
    advice: 'Choose a place that may be written to.',
  },
  'output-unwritable': {
    message: 'cannot write {path}: {reason}',
    advice: 'Choose a file in a folder that may be written to; nothing was started.',
  },
  'cases-format-unknown': {
    message: 'cannot tell from {path} what to write the cases as',
    advice: 'Let the name of the file end in {known}.',
  },
  'name-unusable': {
    message: '{name} cannot name a job or a class',
    advice:
      'Use 1 to 63 lower-case letters, digits or hyphens; --label says which structure of the files is which class.',
  },
  'no-summaries-asked': {
    message: 'job {job} does not ask its sites what their data are like',
    advice: 'Submit a job that says `data: { summary: true }`, and plan from that one.',
  },
  'no-summaries-told': {
    message: 'no site of job {job} has told what its data are like',
    advice:
      'Wait until sites have answered the data gate; each decides by `policy.shareDataSummary`, and tells nothing of fewer cases than its `policy.minCasesForMetrics`.',
  },
  'no-path': {
    message: 'no folder is named, and no site’s configuration that names one',
    advice: 'Give the folder that holds the scans, or --config with the site’s configuration.',
  },
  'no-scans': {
    message: 'there is no DICOM series and no NIfTI volume in {path} ({files} files looked at)',
    advice: 'Give the folder that holds the scans; it is searched to its depth.',
  },
  'operator-certificate-ended': {
    message: 'the operator’s certificate {path} ended on {until}',
    advice:
      'Run "fedvox consortium renew" where ca.key is, restart the coordinator, and copy your certificate from its folder operators to operator.pem here.',
  },
  'round-of-no-job': {
    message: '--round {round} is of no job',
    advice: 'Name the job whose model it is with --warm-start-job.',
  },
  'not-a-label': {
    message: '--label must be "name in the files=class of the job", not "{value}"',
    advice: 'Correct the option.',
  },
} as const;

export const fail = defineErrors('cli', ERRORS);
