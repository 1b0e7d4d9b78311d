import type { JobDetails, JobFact } from '@fedvox/coordinator';
import type { MetricName, QuarantineReason, UpdateFlag } from '@fedvox/job';
import type { GateOutcome } from '@fedvox/protocol';

type FactOf<Kind extends JobFact['kind']> = Extract<JobFact, { kind: Kind }>;
type Reason = NonNullable<JobDetails['reason']>;

/** Everything that a report says, in one language: it does not compile while a text is missing. */
export interface Words {
  /** BCP 47, for the page. */
  readonly code: string;
  readonly title: (job: string) => string;
  readonly status: Readonly<Record<JobDetails['status'], string>>;
  readonly failure: Readonly<Record<Reason, string>>;
  readonly units: Readonly<Record<'d' | 'h' | 'min' | 's', string>>;
  readonly list: string;
  readonly more: (count: number) => string;
  readonly terms: Readonly<Record<Term, string>>;
  readonly outcome: Readonly<Record<GateOutcome, string>>;
  readonly standing: Readonly<Record<JobDetails['gate'][number]['standing'], string>>;
  readonly answer: Readonly<Record<AnswerKind, string>>;
  /** How long a site took, against the half of its own rounds. */
  readonly pace: Readonly<Record<PaceKind, string>>;
  /** Of a timeline by number; `perColumn` rounds stand in each column. */
  paceDescription(perColumn: number): string;
  readonly closing: Readonly<Record<FactOf<'round-closing'>['cause'], string>>;
  readonly quarantine: Readonly<Record<QuarantineReason, string>>;
  readonly flags: Readonly<Record<UpdateFlag, string>>;
  readonly verdictsNote: string;
  readonly figureTitle: (metric: string) => string;
  readonly figureDescription: (metric: string, rounds: number, sites: number) => string;
  readonly withheldNote: string;
  readonly startedFrom: (from: NonNullable<JobDetails['startedFrom']>) => string;
  readonly sinceSubmission: (unit: string) => string;
  readonly bestSummary: (round: number, figures: string) => string;
  readonly noBest: string;
  readonly shareNote: (round: number, maxShare: string | null) => string;
  readonly factsLeftOut: (count: number, command: string) => string;
  readonly factsNote: string;
  readonly privacyNote: string;
  readonly evaluation: EvaluationWords;
  readonly undefinedWhere: Readonly<Record<MetricName, string>>;
  readonly facts: {
    readonly [Kind in JobFact['kind']]: (
      fact: FactOf<Kind>,
      moment: (atMs: number) => string,
    ) => string;
  };
}

/** What the report of an evaluation says beside that of a job. */
export interface EvaluationWords {
  readonly title: (job: string) => string;
  readonly terms: Readonly<
    Record<
      | 'model'
      | 'cases'
      | 'case'
      | 'class'
      | 'mean'
      | 'interval'
      | 'median'
      | 'least'
      | 'missed'
      | 'falsePositives'
      | 'reference'
      | 'predicted'
      | 'volumeError'
      | 'meanVolumeError'
      | 'byClass'
      | 'byCase'
      | 'bySite'
      | 'predictedClass'
      | 'probability'
      | 'right'
      | 'lesions'
      | 'found'
      | 'sensitivity'
      | 'falseLesions'
      | 'frocMean',
      string
    >
  >;
  readonly surfaceDice: (toleranceMm: number) => string;
  readonly sensitivity: (specificity: number) => string;
  readonly lesionNote: (neighbours: number, overlap: number) => string;
  readonly split: Readonly<Record<'all' | 'validation' | 'unseen', string>>;
  readonly severalModels: string;
  readonly flatters: string;
  readonly intervalNote: string;
  readonly chartTitle: string;
  readonly chartDescription: (cases: number) => string;
  readonly byCaseNote: (shown: number, cases: number) => string;
  readonly localNote: string;
}

/** What a site did in a round. */
/** From quick to slow. */
export const PACE_KINDS = ['usual', 'slow', 'slower', 'slowest'] as const;
export type PaceKind = (typeof PACE_KINDS)[number];
export type AnswerKind = 'answered' | 'late' | 'declined' | 'given-up' | 'silent' | 'awaited';

type Term =
  | 'job'
  | 'status'
  | 'round'
  | 'rounds'
  | 'submitted'
  | 'strategy'
  | 'network'
  | 'classes'
  | 'minSites'
  | 'deadline'
  | 'maxShare'
  | 'uncapped'
  | 'bestBy'
  | 'bestModel'
  | 'best'
  | 'jobDigest'
  | 'digest'
  | 'site'
  | 'sites'
  | 'allSites'
  | 'gate'
  | 'figures'
  | 'reported'
  | 'withheld'
  | 'lacks'
  | 'standing'
  | 'weight'
  | 'share'
  | 'models'
  | 'timeline'
  | 'timelineDescription'
  | 'opened'
  | 'took'
  | 'closedBecause'
  | 'facts'
  | 'firewall'
  | 'off'
  | 'verdict'
  | 'norm'
  | 'cosine'
  | 'decidedBy'
  | 'released'
  | 'time'
  | 'what'
  | 'least'
  | 'lowerQuartile'
  | 'median'
  | 'upperQuartile'
  | 'most'
  | 'range'
  | 'quartiles'
  | 'firstModel'
  | 'startedFrom'
  | 'lastEvaluation'
  | 'of'
  | 'none';
