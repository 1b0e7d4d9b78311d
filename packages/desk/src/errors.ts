import { defineErrors } from '@fedvox/base';

export const ERRORS = {
  'pages-not-built': {
    message: 'there are no built pages in {folder}',
    advice: 'Build them: npm run setup, or npm run build.',
  },
  'listen-failed': {
    message: 'cannot listen on {address}: {reason}',
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
    advice: 'Open the link as it was printed; on a network, by a name that the certificate has.',
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
  'certificate-unusable': {
    message: 'the certificate {path} and its key cannot be used: {reason}',
    advice:
      'Name the hospital’s certificate with its chain, and the key that belongs to it, both as PEM, in `console.tls`.',
  },
  'nobody-may-sign-in': {
    message: 'nobody may sign in: {path} names no one',
    advice: 'Add a person: fedvox console people add NAME --role owner.',
  },
  'signed-out': {
    message: 'nobody is signed in here, or not any more',
    advice: 'Load the page again, and sign in.',
  },
  'not-allowed': {
    message: 'your role does not allow this: it is for {roles}',
    advice: 'Ask whoever runs the console for another role: fedvox console people add NAME --role.',
  },
  'wrong-password': {
    message: 'there is nobody of this name with this password',
    advice: 'Try again; whoever runs the console can set another password.',
  },
  'sign-in-slowed': {
    message: 'too many wrong passwords; the next one is looked at in {seconds} s',
    advice: 'Wait that long, then try again.',
  },
  'sign-in-busy': {
    message: 'too many people sign in at this moment',
    advice: 'Try again in a few seconds.',
  },
  'people-unreadable': {
    message: 'the list of people {path} cannot be read: {reason}',
    advice: 'Restore it from a backup, or remove it and add the people again.',
  },
  'people-exposed': {
    message: 'the list of people {path} can be read by other accounts',
    advice: 'Make it yours alone: chmod 600; then have everybody choose another password.',
  },
  'name-unusable': {
    message: 'the name is empty, too long or not one line, or there are too many ({most})',
    advice: 'Use a name of one line, as it is to stand beside what the person does.',
  },
  'password-unusable': {
    message: 'a password has {least} to {most} characters',
    advice: 'Several words that don’t belong together are easy to keep and hard to guess.',
  },
  'no-such-person': {
    message: 'there is nobody called {name}',
    advice: 'See fedvox console people list.',
  },
  internal: {
    message: 'something failed that should not have',
    advice: 'The log of the command that serves this page says what.',
  },
} as const;

export const fail = defineErrors('desk', ERRORS);
export type DeskErrorName = keyof typeof ERRORS;
