import { defineErrors } from '@fedvox/base';

export const ERRORS = {
  'request-invalid': {
    message: 'the page asked for something that cannot be:\n{problems}',
    advice: 'Load the page again. If it happens again, report it with these lines.',
  },
  'name-not-typed': {
    message: 'site {site} is not revoked: "{typed}" was typed',
    advice: 'Type the name of the site, letter by letter, to confirm that it is meant.',
  },
} as const;

export const fail = defineErrors('dashboard', ERRORS);
