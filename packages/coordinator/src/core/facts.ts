import type { Sha256 } from '@fedvox/base';
import type { GateOutcome } from '@fedvox/protocol';
import type { CloseCause } from './roll-call.js';
import type { RoundFailure, RoundWork } from './round-machine.js';

export type JobFailure = RoundFailure | 'gate-not-passed';

/**
 * What happened, in the order it happened: recorded with the state it led to, shown to operators.
 * A state changes only together with a fact.
 */
export type JobFact =
  | { readonly kind: 'job-submitted'; readonly model: Sha256; readonly sites: readonly string[] }
  | { readonly kind: 'gate-reported'; readonly site: string; readonly outcome: GateOutcome }
  | { readonly kind: 'gate-closed'; readonly passed: readonly string[] }
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
