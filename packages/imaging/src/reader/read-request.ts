import type { Reader } from './reader.js';

/** What a thread is asked for. */
export interface ReadRequest {
  readonly operation: keyof Reader;
  readonly args: readonly unknown[];
}
