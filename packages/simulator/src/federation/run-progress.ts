import type { RoundRow } from '../run-report.js';

/** What a run tells while it goes on. */
export type RunProgress =
  /** A step begins; a sentence for people. */
  | { readonly kind: 'step'; readonly text: string }
  /** A round's model was evaluated everywhere. */
  | { readonly kind: 'round'; readonly row: RoundRow; readonly rounds: number }
  /** What the sites are doing at this moment. */
  | {
      readonly kind: 'activity';
      readonly round: number;
      readonly rounds: number;
      readonly sites: readonly { readonly site: string; readonly state: string }[];
    };
