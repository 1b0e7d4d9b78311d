import type { Sha256 } from '@fedvox/base';
import type { DataSummary, QuarantineReason, UpdateFlag } from '@fedvox/job';
import type { Capability, DeclineReason, FiguresOutlook, GateOutcome } from '@fedvox/protocol';
import type { StartedFrom } from './job-state.js';
import type { CloseCause } from './roll-call.js';
import type { RoundFailure, RoundWork } from './round-machine.js';

/** Who ordered it, by the name in the certificate; absent where no operator did, or none was kept. */
export interface Ordered {
  readonly by?: string;
}

export const orderedBy = (by: string | undefined): Ordered => (by === undefined ? {} : { by });

export type JobFailure = RoundFailure | 'gate-not-passed';

/**
 * What happened, in the order it happened: recorded with the state it led to, shown to operators.
 * A state changes only together with a fact.
 */
export type JobFact =
  | ({
      readonly kind: 'job-submitted';
      readonly model: Sha256;
      readonly sites: readonly string[];
      readonly startedFrom?: StartedFrom;
    } & Ordered)
  | {
      readonly kind: 'gate-reported';
      readonly site: string;
      readonly outcome: GateOutcome;
      readonly figures: FiguresOutlook | null;
      /** Where the job asked what its data are like, and the site told. */
      readonly summary?: DataSummary;
    }
  /** A site that is not asked: its agent is not capable of what the job needs. */
  | {
      readonly kind: 'site-lacks';
      readonly site: string;
      readonly lacks: readonly Capability[];
    }
  | { readonly kind: 'gate-closed'; readonly passed: readonly string[] }
  /** Too few passed, but some are still at work, on this job or on another. */
  | { readonly kind: 'gate-extended'; readonly deadlineAtMs: number }
  /** Every site that passed will withhold its figures: there will be no best model. */
  | { readonly kind: 'figures-withheld'; readonly sites: readonly string[] }
  /** A site that had not passed is asked once more: it has dialled in anew. */
  | { readonly kind: 'gate-asked-again'; readonly site: string }
  /** A site that enrolled after the submission, or that an operator invited. */
  | ({ readonly kind: 'site-invited'; readonly site: string } & Ordered)
  | {
      readonly kind: 'round-opened';
      readonly round: number;
      readonly work: RoundWork;
      readonly baseModel: Sha256;
      readonly deadlineAtMs: number;
      /** Those called, where the job says which of its sites train; absent where all do. */
      readonly sites?: readonly string[];
    }
  /** A site that the round began without: in place of one that will not answer, or is away. */
  | { readonly kind: 'site-called'; readonly round: number; readonly site: string }
  | {
      readonly kind: 'update-accepted';
      readonly round: number;
      readonly site: string;
      readonly statement: Sha256;
      /** How many rounds ago the round began that it was made for; absent where it is this one. */
      readonly staleness?: number;
    }
  /** The first of a round that was refused for this reason; `reason` is a refusal's code. */
  | {
      readonly kind: 'update-refused';
      readonly round: number;
      readonly site: string;
      readonly reason: string;
    }
  | { readonly kind: 'site-given-up'; readonly round: number; readonly site: string }
  | {
      readonly kind: 'site-declined';
      readonly round: number;
      readonly site: string;
      readonly reason: DeclineReason;
    }
  /** It was silent for so many rounds: none waits for it any more … */
  | { readonly kind: 'site-not-awaited'; readonly site: string }
  /** … until it speaks, which starts the count anew in any case. */
  | { readonly kind: 'site-returned'; readonly site: string }
  | { readonly kind: 'round-closing'; readonly round: number; readonly cause: CloseCause }
  | { readonly kind: 'round-screening'; readonly round: number; readonly updates: number }
  /** Stored, and left out of the average; `by` an operator, or else by the firewall. */
  | {
      readonly kind: 'update-quarantined';
      readonly round: number;
      readonly site: string;
      readonly reason: QuarantineReason;
      readonly by?: string;
    }
  /** An operator lets it be averaged. */
  | {
      readonly kind: 'update-released';
      readonly round: number;
      readonly site: string;
      readonly by: string;
    }
  /** Averaged, and worth a look. */
  | {
      readonly kind: 'update-flagged';
      readonly round: number;
      readonly site: string;
      readonly flags: readonly UpdateFlag[];
    }
  /** It waits for an operator to look at what is quarantined; the job is paused. */
  | { readonly kind: 'round-held'; readonly round: number; readonly quarantined: number }
  | { readonly kind: 'round-aggregating'; readonly round: number; readonly updates: number }
  | {
      readonly kind: 'round-committed';
      readonly round: number;
      readonly work: RoundWork;
      readonly baseModel: Sha256;
      readonly model: Sha256;
      /** What the strategy keeps for the rounds to come; absent where it keeps nothing. */
      readonly serverState?: Sha256;
    }
  /** No model since that of round `lastGain` was better by enough: the job ends with this round's. */
  | { readonly kind: 'no-more-gain'; readonly round: number; readonly lastGain: number }
  | ({ readonly kind: 'job-paused' } & Ordered)
  | ({ readonly kind: 'job-resumed' } & Ordered)
  | ({ readonly kind: 'job-aborted' } & Ordered)
  /** It is off the list, and its bytes go; the last that is heard of it. */
  | ({ readonly kind: 'job-deleted' } & Ordered)
  | { readonly kind: 'job-failed'; readonly reason: JobFailure }
  | { readonly kind: 'job-completed'; readonly model: Sha256 }
  | ({ readonly kind: 'site-revoked'; readonly site: string } & Ordered);

/**
 * Sites that may have other work to do after these facts: those that they name, where they name one
 * each; otherwise all of the job.
 */
export function concerned(
  facts: readonly JobFact[],
  { members }: { readonly members: { readonly sites: readonly string[] } },
): readonly string[] {
  const named = facts.flatMap((fact) => ('site' in fact ? [fact.site] : []));
  return named.length > 0 && named.length === facts.length ? named : members.sites;
}
