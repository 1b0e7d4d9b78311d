import type { NamedError } from '@fedvox/base';
import type { ThreadPart } from './aggregate-round.js';
import type { ArrivedDelta } from './delta-check.js';
import type { RoundDeltas } from './round-products.js';
import type { OpenRound } from './round-task.js';

/** What a thread is asked for, one after the other. */
export type ThreadRequest =
  | { readonly kind: 'check-delta'; readonly delta: ArrivedDelta }
  | {
      readonly kind: 'inner-products';
      readonly deltas: RoundDeltas<number>;
      readonly words: Int32Array;
    }
  | { readonly kind: 'aggregate-round'; readonly round: OpenRound; readonly part: ThreadPart };

export type ThreadAnswer =
  | { readonly kind: 'done'; readonly value: unknown }
  /** The round was given up, or has ended without this thread. */
  | { readonly kind: 'not-wanted' }
  | { readonly kind: 'refused'; readonly error: NamedError }
  /** Anything else that was thrown: a full disk, a bug. */
  | { readonly kind: 'failed'; readonly error: Error };
