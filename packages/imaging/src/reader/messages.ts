import type { ErrorDetails } from '@fedvox/base';
import type { Reader } from './reader.js';

/** What a thread is asked for. */
export interface ReadRequest {
  readonly operation: keyof Reader;
  readonly args: readonly unknown[];
}

export type ReadAnswer =
  | { readonly type: 'done'; readonly value: unknown }
  | { readonly type: 'refused'; readonly error: NamedError }
  /** Anything else that was thrown: a bug. */
  | { readonly type: 'failed'; readonly error: Error };

/** A FedvoxError in parts: cloning one leaves a bare Error. */
export interface NamedError {
  readonly code: string;
  readonly message: string;
  readonly advice: string;
  readonly details: ErrorDetails;
  /** The cause's text, for the log. */
  readonly cause?: string;
}
