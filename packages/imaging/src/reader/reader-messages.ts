import type { NamedError } from '@fedvox/base';
import type { HeaderProgress } from '../folder-scan/headers/read-headers.js';
import type { Reader } from './reader.js';

/** What a thread is asked for. */
export interface ReadRequest {
  readonly operation: keyof Reader;
  readonly args: readonly unknown[];
}

/** To a request any number of `progress`, then one of the others. */
export type ReadAnswer =
  | { readonly kind: 'progress'; readonly progress: HeaderProgress }
  | { readonly kind: 'done'; readonly value: unknown }
  | { readonly kind: 'refused'; readonly error: NamedError }
  /** Anything else that was thrown: a bug. */
  | { readonly kind: 'failed'; readonly error: Error };
