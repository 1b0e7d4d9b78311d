import type { Sha256 } from '@fedvox/base';
import type { CloseCause } from './roll-call.js';
import type { RoundFailure, RoundWork } from './round-machine.js';

/** What a site found when it held its data against the job's requirements. */
export const GATE_OUTCOMES = [
  'pass',
  'no-usable-data',
  'too-few-cases',
  'wrong-modality',
  'spacing-out-of-range',
  'labels-missing',
  'refused-by-policy',
  'not-supported',
] as const;
export type GateOutcome = (typeof GATE_OUTCOMES)[number];

export type JobFailure = RoundFailure | 'gate-not-passed';

/** What happened, in the order it happened: recorded with the state it led to, shown to operators. */
export type JobFact =
  | { readonly kind: 'job-submitted'; readonly model: Sha256; readonly sites: readonly string[] }
  | { readonly kind: 'gate-reported'; readonly site: string; readonly outcome: GateOutcome }
  | {
      readonly kind: 'round-opened';
      readonly round: number;
      readonly work: RoundWork;
      readonly baseModel: Sha256;
      readonly deadlineAtMs: number;
    }
  | {
      readonly kind: 'update-accepted';
      readonly round: number;
      readonly site: string;
      readonly statement: Sha256;
    }
  | { readonly kind: 'site-given-up'; readonly round: number; readonly site: string }
  | { readonly kind: 'round-closing'; readonly round: number; readonly cause: CloseCause }
  | { readonly kind: 'round-aggregating'; readonly round: number; readonly updates: number }
  | {
      readonly kind: 'round-committed';
      readonly round: number;
      readonly work: RoundWork;
      readonly baseModel: Sha256;
      readonly model: Sha256;
    }
  | { readonly kind: 'job-paused' }
  | { readonly kind: 'job-resumed' }
  | { readonly kind: 'job-aborted' }
  | { readonly kind: 'job-failed'; readonly reason: JobFailure }
  | { readonly kind: 'job-completed'; readonly model: Sha256 }
  | { readonly kind: 'site-revoked'; readonly site: string };
