import type { Sha256 } from '@fedvox/base';
import type { DataSummary, QuarantineReason } from '@fedvox/job';
import type { Capability } from './capabilities.js';
import type { Envelope } from './dsse.js';

/**
 * What a site and the coordinator say to each other, in the words of the domain. The generated wire
 * types stay inside this package.
 */
export const SITE_STATES = [
  'idle',
  'checking-data',
  'training',
  'evaluating',
  'uploading',
] as const;
export type SiteState = (typeof SITE_STATES)[number];

export const GATE_OUTCOMES = [
  'pass',
  'no-usable-data',
  'too-few-cases',
  'wrong-modality',
  'spacing-out-of-range',
  'labels-missing',
  'refused-by-policy',
  'not-supported',
  'no-disk-space',
  'out-of-memory',
  'archive-unreachable',
  'trainer-failed',
  'size-not-trainable',
  'foreground-missing',
  'values-unusable',
  'awaiting-approval',
] as const;
/** What the coordinator learns of a site's data: that it passes, or one of these reasons. */
export type GateOutcome = (typeof GATE_OUTCOMES)[number];
/** Why a site cannot do a job's work, now or at all. */
export type DeclineReason = Exclude<GateOutcome, 'pass'>;

/** What passes by itself, or once somebody at the site has seen to it: the site is asked again. */
const PASSING: readonly GateOutcome[] = [
  'no-disk-space',
  'out-of-memory',
  'archive-unreachable',
  'trainer-failed',
  'awaiting-approval',
];
export const isPassing = (outcome: GateOutcome): boolean => PASSING.includes(outcome);

interface LaterWord {
  /** Whoever has it knows the word. */
  readonly since: Capability;
  /** What is said to the others, who would refuse it. */
  readonly before: DeclineReason;
}

const LATER_WORDS: Readonly<Partial<Record<GateOutcome, LaterWord>>> = {
  'size-not-trainable': { since: 'untrainable', before: 'not-supported' },
  'foreground-missing': { since: 'untrainable', before: 'labels-missing' },
  'values-unusable': { since: 'untrainable', before: 'no-usable-data' },
  'awaiting-approval': { since: 'approval', before: 'archive-unreachable' },
};

/** The outcome in a word that a peer with these capabilities knows. */
export function outcomeFor<Outcome extends GateOutcome>(
  capabilities: readonly Capability[],
  outcome: Outcome,
): Outcome | DeclineReason {
  const later = LATER_WORDS[outcome];
  return later === undefined || capabilities.includes(later.since) ? outcome : later.before;
}

/** What becomes of the figures that a site measures for a job; invariant 8 without a count. */
export const FIGURES_OUTLOOKS = ['reported', 'withheld'] as const;
export type FiguresOutlook = (typeof FIGURES_OUTLOOKS)[number];

/** A site's answer to the data gate. */
export interface GateReport {
  readonly job: string;
  readonly outcome: GateOutcome;
  /** Null from a site of an older version, and where the data was not looked at. */
  readonly figures: FiguresOutlook | null;
  /** Where the job asks what the data are like, and the site tells. */
  readonly summary?: DataSummary;
}

export interface Decline {
  readonly job: string;
  readonly round: number;
  readonly reason: DeclineReason;
}

export interface Welcome {
  readonly protocolVersion: number;
  readonly federation: string;
  /** Those that both sides have. */
  readonly capabilities: readonly Capability[];
  readonly heartbeatIntervalMs: number;
  readonly maxChunkBytes: number;
  /** The coordinator's clock (Unix epoch); absent where it is of a version that does not tell. */
  readonly clockMs?: number;
}

export type Work =
  | { readonly kind: 'check-data' }
  /** Evaluate the base model, then train from it. */
  | {
      readonly kind: 'train';
      readonly round: number;
      readonly baseModel: Sha256;
      /** How often the job's plateau has cut the learning rate; never where absent. */
      readonly rateCuts?: number;
    }
  /** Evaluate the last round's model; nothing is trained. */
  | { readonly kind: 'evaluate'; readonly round: number; readonly baseModel: Sha256 };

export interface Task {
  /** The job's id. */
  readonly job: string;
  /** Digest of the job's canonical bytes: what `Download` gives them for. */
  readonly jobDigest: Sha256;
  readonly work: Work;
  /** Where the site's last update was left out of its round's average; it was accepted all the same. */
  readonly leftOut?: LeftOut;
}

export interface LeftOut {
  readonly round: number;
  readonly reason: QuarantineReason;
}

export interface Heartbeat {
  readonly job: string;
  readonly round: number;
  readonly state: SiteState;
}

export interface DownloadPart {
  readonly totalBytes: number;
  readonly chunk: Uint8Array;
}

export interface UploadPosition {
  /** Digest of the statement's payload: names the upload. */
  readonly statement: Sha256;
  /** How many bytes of the delta the coordinator has. */
  readonly offset: number;
}

export type { Envelope };
