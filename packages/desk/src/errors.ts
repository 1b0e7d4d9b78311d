import { defineErrors } from '@fedvox/base';

export const ERRORS = {
  'pages-not-built': {
    message: 'there are no built pages in {folder}',
    advice: 'Build them: npm run setup, or npm run build.',
  },
  'listen-failed': {
    message: 'cannot listen on 127.0.0.1:{port}: {reason}',
    advice: 'Choose another port, or leave it out: a free one is taken.',
  },
  'link-not-valid': {
    message: 'this link was used before, or is older than five minutes',
    advice: 'Press Enter where the command runs: it prints a fresh one.',
  },
  'not-signed-in': {
    message: 'this browser has not come in by a link, or not in the last twelve hours',
    advice: 'Press Enter where the command runs, and open the link that it prints.',
  },
  'foreign-host': {
    message: 'this page is not reached by the name that was asked for',
    advice: 'Open the link as it was printed; it begins with http://127.0.0.1.',
  },
  'foreign-origin': {
    message: 'another site asked for this; only this page itself may',
    advice: 'Open the link as it was printed, in an address bar.',
  },
  'no-such-page': {
    message: 'there is no {method} {path} here',
    advice: 'Go back to the start page; if it is an older one, load it again.',
  },
  'request-unusable': {
    message: 'the request cannot be understood: {reason}',
    advice: 'Load the page again; what it sends is JSON of a few KiB.',
  },
  internal: {
    message: 'something failed that should not have',
    advice: 'The log of the command that serves this page says what.',
  },
} as const;

export const fail = defineErrors('desk', ERRORS);
export type DeskErrorName = keyof typeof ERRORS;
