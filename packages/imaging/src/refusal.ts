import { FedvoxError, InvariantError } from '@fedvox/base';
import { fail } from './errors.js';

/** Something in a data set that is not used, and why. For the site's own eyes: it names files. */
export interface Refusal {
  /** A file, or a series by its folder and the end of its UID. */
  readonly what: string;
  /** Code from the error table, e.g. `imaging/missing-slice`. */
  readonly code: string;
  readonly reason: string;
  /** What to do about it. */
  readonly advice: string;
}

/** The refusal that an error amounts to. Errors as `errorOfCase`. */
export function refusalOf(what: string, error: unknown): Refusal {
  const { code, message, advice } = errorOfCase(what, error);
  return { what, code, reason: message, advice };
}

/**
 * The error that a case costs its use. An invariant that one case breaks is a bug of ours, but no reason to
 * read none of the others: it costs that case, by a code that says so. Any other error is thrown on.
 */
export function errorOfCase(what: string, error: unknown): FedvoxError {
  if (error instanceof FedvoxError) return error;
  if (!(error instanceof InvariantError)) throw error;
  return fail('broken-invariant', { what, invariant: error.message }, { cause: error });
}
