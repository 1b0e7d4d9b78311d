import { decodeJob, type EncodingSpec, type Job, PLAIN } from '@fedvox/job';
import type { SitePolicy } from '../policy/site-policy.js';
import type { ApprovalAnswer, AskedJob } from './approval-files.js';

/** What a person needs to decide whether a job may begin here: its terms, and what would leave. */
export interface ApprovalCard
  extends Pick<AskedJob, 'job' | 'jobDigest' | 'askedAtMs' | 'lastAskedAtMs'> {
  readonly name: string;
  readonly network: string;
  readonly parameters: number;
  readonly classes: readonly string[];
  /** Each as `kind`, or `kind (setting: value, …)`. */
  readonly preprocess: readonly string[];
  readonly augment: readonly string[];
  /** What every scan must be; null where the job does not say. */
  readonly modality: string | null;
  readonly minCases: number;
  readonly rounds: number;
  readonly localEpochs: number;
  /** Said instead of passes where it is not null. */
  readonly localSteps: number | null;
  readonly strategy: string;
  readonly minSites: number;
  readonly leaves: {
    readonly encoding: EncodingSpec['kind'];
    /** About so many bytes in each round: the weight delta, which is nearly all of it. */
    readonly roundBytes: number;
    readonly totalBytes: number;
    /** Whether medians of the data are told at the data gate: the job asks, and policy shares them. */
    readonly dataSummary: boolean;
  };
  readonly privacy: Pick<SitePolicy, 'minCasesForMetrics' | 'weightSource' | 'minCohort'>;
  /** Null while nobody has answered for this very job. */
  readonly answer: Pick<ApprovalAnswer, 'verdict' | 'atMs' | 'by' | 'reason'> | null;
}

export function approvalCard(
  asked: AskedJob,
  answer: ApprovalAnswer | undefined,
  policy: SitePolicy,
): ApprovalCard {
  const { minCasesForMetrics, weightSource, minCohort } = policy;
  const { job, jobDigest, askedAtMs, lastAskedAtMs, parameters } = asked;
  const { name, network, classes, preprocess, augment, data, training, federation } =
    askedTerms(asked);
  const { rounds, minSites, strategy, encoding = PLAIN } = federation;
  const roundBytes = Math.round(parameters * bytesPerValue(encoding));
  return {
    ...{ job, jobDigest, askedAtMs, lastAskedAtMs, name, parameters, classes, rounds, minSites },
    network: settingText(network),
    preprocess: preprocess.map(settingText),
    augment: augment.map(settingText),
    modality: data.modality ?? null,
    minCases: data.minCases,
    localEpochs: training.localEpochs,
    localSteps: training.localSteps ?? null,
    strategy: settingText(strategy),
    leaves: {
      ...{ encoding: encoding.kind, roundBytes, totalBytes: rounds * roundBytes },
      dataSummary: data.summary === true && policy.shareDataSummary,
    },
    privacy: { minCasesForMetrics, weightSource, minCohort },
    answer: answer?.jobDigest === jobDigest ? saidOf(answer) : null,
  };
}

/** The job that was asked about. */
export function askedTerms({ jobText }: Pick<AskedJob, 'jobText'>): Job {
  return decodeJob(Buffer.from(jobText));
}

function saidOf({ verdict, atMs, by, reason }: ApprovalAnswer): ApprovalCard['answer'] {
  return { verdict, atMs, by, reason };
}

/** About: scales, and tensors that stay as they are, are a thousandth. */
function bytesPerValue(encoding: EncodingSpec): number {
  switch (encoding.kind) {
    case 'float32':
      return 4;
    case 'bfloat16':
      return 2;
    case 'int8':
      return 1;
    case 'top-k':
      // Each value that is sent, and its place.
      return 6 * encoding.fraction;
  }
}

function settingText({ kind, ...settings }: { readonly kind: string }): string {
  const said = Object.entries(settings).map(([name, value]) => `${name}: ${valueText(value)}`);
  return said.length === 0 ? kind : `${kind} (${said.join(', ')})`;
}

function valueText(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}
