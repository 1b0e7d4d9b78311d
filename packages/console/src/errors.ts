import { defineErrors } from '@fedvox/base';

export const ERRORS = {
  'no-such-statement': {
    message: 'this site has no statement {digest}',
    advice: 'Load the page again; one that was refused as late is kept in the ledger alone.',
  },
  'no-such-picture': {
    message: 'there is no picture {name}',
    advice: 'Look at the data again: pictures are drawn then.',
  },
  'answer-unclear': {
    message: 'the answer is neither that a job may begin, nor that it may not',
    advice:
      'Load the page again; if it happens again, answer with `fedvox agent approve` or `refuse`.',
  },
  'looks-already': {
    message: 'the data are being looked at',
    advice: 'Wait until that look is over; the page shows how far it is.',
  },
  'look-failed': {
    message: 'the process that looks at the data ended: {how}',
    advice:
      'Try again. If it keeps ending, the machine may lack memory: see the log of the command.',
  },
  'kept-unreadable': {
    message: 'what was last seen of the data, {path}, cannot be read: {reason}',
    advice: 'Look at the data again: it is made anew.',
  },
  'no-such-review': {
    message: 'there is no review {review}, or no such case in it',
    advice: 'Go back to the list of cases: the model may have been evaluated again.',
  },
  'case-gone': {
    message: 'case {caseId} of the review is not in the site’s data: {reason}',
    advice:
      'See `fedvox data inspect`; evaluate the model again with --review, on the data as they are now.',
  },
  'no-such-slice': {
    message: 'there is no slice {slice} of plane {plane}',
    advice: 'Load the page again.',
  },
  'no-draft': {
    message: 'this case is not being corrected',
    advice:
      'Begin again: the console was started anew, or another window of yours saved the drawing or dropped it.',
  },
  'too-many-drafts': {
    message: '{most} corrections are begun and not saved',
    advice: 'Save some of them, or drop them, before another is begun.',
  },
  'drawing-unusable': {
    message: 'what was drawn cannot be taken: {problem}',
    advice: 'Load the page again.',
  },
  'other-data': {
    message: 'the review is of other data than this site trains on',
    advice:
      'Evaluate the model on the folder that the site’s configuration names, to correct its labels.',
  },
  'correction-differs': {
    message: 'the corrected label of {caseId} is not read back as it was drawn, and was not kept',
    advice: 'Look at the data: another segmentation of this scan may have been added meanwhile.',
  },
  'verdict-unusable': {
    message: 'the verdict cannot be kept: {problem}',
    advice: 'Say who you are, and keep the note short.',
  },
} as const;

export const fail = defineErrors('console', ERRORS);
