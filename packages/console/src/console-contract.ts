import type {
  AgentNow,
  ApprovalCard,
  DiaryEntry,
  EgressSums,
  RoundCases,
  SignedStatement,
  SitePolicy,
} from '@fedvox/agent/records';
import type { ImagingErrorName, Refusal, ScanReport } from '@fedvox/imaging';
import type { ConsoleRole } from './console-roles.js';
import type { ERRORS } from './errors.js';

/** What the page and its server say to each other, as types alone: the one thing of the server that the page knows. */

/** Whose console it is. */
export interface ConsoleSelf {
  readonly site: string;
  readonly stateDir: string;
  readonly dataPath: string;
  /** Filled from the hospital's archive, rather than its own folder. */
  readonly isFetched: boolean;
  readonly policy: SitePolicy;
  /** Who is signed in; null where the page was opened by a link, on the site's own machine. */
  readonly person: { readonly name: string; readonly role: ConsoleRole } | null;
}

export interface EpochLoss {
  readonly job: string;
  readonly round: number;
  readonly epoch: number;
  readonly epochs: number;
  readonly loss: number;
}

export interface TodayPage {
  readonly now: AgentNow;
  /** Milliseconds since the epoch, by the clock of the site's machine. */
  readonly atMs: number;
  /** Of the job that was worked on last, oldest first. */
  readonly losses: readonly EpochLoss[];
}

export interface EgressPage {
  readonly sums: EgressSums;
  /** The last ones, the newest first: at most `MAX_STATEMENTS_SHOWN` of `statementCount`. */
  readonly statements: readonly SignedStatement[];
  readonly statementCount: number;
}

export type FiguresEntry = Extract<DiaryEntry, { readonly kind: 'figures' }>;
export type GateEntry = Extract<DiaryEntry, { readonly kind: 'gate' }>;
type WorkEnd = Extract<DiaryEntry, { readonly kind: 'work-ended' }>;

/** What the diary tells of a round: of its last attempt, where there were several. */
export interface SiteRound {
  readonly round: number;
  readonly work: WorkEnd['work'];
  readonly begunAtMs: number;
  readonly attempts: number;
  readonly losses: readonly EpochLoss[];
  /** Null while it goes on, or where the agent ended without a word. */
  readonly ended: Pick<WorkEnd, 'atMs' | 'end' | 'code' | 'message'> | null;
  readonly figures: FiguresEntry | null;
  readonly deliveredAtMs: number | null;
  /** What the coordinator was told where the work was not done. */
  readonly declined: string | null;
}

/** What a job asks for; only while its file lies here. */
export interface JobTerms {
  readonly name: string;
  readonly network: string;
  readonly strategy: string;
  readonly classes: readonly string[];
  readonly rounds: number;
  readonly localEpochs: number;
  readonly minSites: number;
}

export interface SiteJob {
  readonly id: string;
  readonly digest: string;
  readonly gate: GateEntry | null;
  /** In their order. */
  readonly rounds: readonly SiteRound[];
  readonly lastAtMs: number;
  readonly terms: JobTerms | null;
  /** Of the last round whose model was measured. */
  readonly cases: RoundCases | null;
}

export interface JobsPage {
  /** The one worked on last first. */
  readonly jobs: readonly SiteJob[];
  /** Lines of the diary that cannot be read. */
  readonly unreadable: number;
}

/** What people of the site are asked. */
export interface ApprovalsPage {
  /** Whether the site's policy has them asked at all. */
  readonly isAsked: boolean;
  /** Those that wait first. */
  readonly cards: readonly ApprovalCard[];
}

/** A scan, without its patient's identifier. */
export type ShownScan = Omit<ScanReport, 'patientId' | 'png' | 'thumbnail'> & {
  /** Name of its sheet; its small picture has `-thumbnail` before the dot. Null where there is none. */
  readonly picture: string | null;
};

export interface DataFindings {
  readonly atMs: number;
  /** The job whose classes and demands the scans were held against; null: only whether they can be read. */
  readonly job: string | null;
  readonly files: number;
  readonly otherFiles: number;
  readonly scans: readonly ShownScan[];
  readonly refused: readonly Refusal[];
}

export interface DataPage {
  readonly look:
    | { readonly kind: 'idle' }
    /** Headers of files first, then scans; 0 of 0 before anything is known. */
    | {
        readonly kind: 'looking';
        readonly what: 'headers' | 'scans';
        readonly done: number;
        readonly total: number;
      }
    | {
        readonly kind: 'failed';
        readonly code: string;
        readonly message: string;
        readonly advice: string;
      };
  /** Of the last look that came to its end, though it was of an earlier day. */
  readonly findings: DataFindings | null;
}

/** What has a word of its own on the page. */
export type AgentLifeWord = AgentNow['life'];
export type LineStateWord = NonNullable<AgentNow['status']>['line']['state'];
export type PlaceWord = NonNullable<AgentNow['status']>['doing']['at'];
export type ProgressWord = NonNullable<
  NonNullable<AgentNow['status']>['doing']['progress']
>['phase'];
export type EgressKindWord = keyof EgressSums['kinds'];
export type EgressGapWord = EgressSums['gaps'][number]['kind'];
export type WorkEndWord = WorkEnd['end'];
export type ApprovalVerdict = NonNullable<ApprovalCard['answer']>['verdict'];
export type WeightSourceWord = FiguresEntry['weightSource'];
export type { AgentNow, ApprovalCard, EgressSums, RoundCases, SignedStatement };

/** Why a scan is not used, as far as the page has words of its own for it. */
export type ScanReason =
  | `imaging/${ImagingErrorName}`
  | 'learning/spacing-out-of-range'
  | 'learning/wrong-modality';

/** Errors that the page has words of its own for; of another it tells the program's. */
export type ConsoleAlert =
  | `console/${keyof typeof ERRORS}`
  | 'agent/approval-changed'
  | 'agent/no-such-approval'
  | 'agent/reason-too-long'
  | 'agent/state-too-new'
  | 'agent/state-unreadable'
  | 'desk/not-allowed'
  | 'desk/signed-out';

/** An error as it is told. */
export interface ConsoleFailure {
  readonly code: string;
  readonly message: string;
  readonly advice: string;
}
