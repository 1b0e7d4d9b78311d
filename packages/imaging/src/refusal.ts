import { FedvoxError } from '@fedvox/base';

/** Something in a data set that is not used, and why. For the site's own eyes: it names files. */
export interface Refusal {
  /** A file, or a series by its folder and the end of its UID. */
  readonly what: string;
  /** Code from the error table, e.g. `imaging/missing-slice`. */
  readonly code: string;
  readonly reason: string;
}

/** The refusal that an error of ours amounts to; any other error is a bug and is thrown on. */
export function refusalOf(what: string, error: unknown): Refusal {
  if (!(error instanceof FedvoxError)) throw error;
  return { what, code: error.code, reason: error.message };
}
