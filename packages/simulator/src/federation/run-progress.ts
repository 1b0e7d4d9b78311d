import type { RoundRow } from '../run-report.js';

/** What a run tells while it goes on. */
export type RunProgress =
  /** A step begins; a sentence for people. */
  | { readonly kind: 'step'; readonly text: string }
  /** A round's model was evaluated everywhere. */
  | { readonly kind: 'round'; readonly row: RoundRow; readonly rounds: number }
  /** How far one piece of a comparison is: a variant or a baseline with one seed, in its place from 1. */
  | {
      readonly kind: 'piece';
      readonly name: string;
      readonly seed: number;
      readonly place: number;
      readonly total: number;
      /** The last round whose figures are known; null before any. */
      readonly at: {
        readonly round: number;
        readonly rounds: number;
        readonly dice: number | null;
      } | null;
      /** Until all pieces are done, at the pace so far; null before there is one. */
      readonly leftMs: number | null;
    }
  /** It is done, now or by an earlier run. */
  | {
      readonly kind: 'piece-done';
      readonly name: string;
      readonly seed: number;
      readonly place: number;
      readonly total: number;
      readonly dice: number | null;
      readonly isNew: boolean;
    }
  /** What the sites are doing at this moment. */
  | {
      readonly kind: 'activity';
      readonly round: number;
      readonly rounds: number;
      readonly sites: readonly { readonly site: string; readonly state: string }[];
    };
