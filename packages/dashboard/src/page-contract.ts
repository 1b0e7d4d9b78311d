import type {
  AcceptedUpdate,
  CoordinatorEvent,
  CurrentWork,
  JobDetails,
  JobSummary,
  SiteStatus,
} from '@fedvox/coordinator';
import type { RefusalCode } from '@fedvox/protocol';

/** What the page and its server say to each other, as types alone: the one thing of the server that the page knows. */

/** What a call can be refused for without any update in it. */
type OtherRefusal =
  | 'unauthenticated'
  | 'wrong-role'
  | 'revoked'
  | 'unknown-certificate'
  | 'identity-shared'
  | 'unknown-blob'
  | 'replayed-statement'
  | 'delta-truncated'
  | 'protocol-too-old'
  | 'upload-unknown'
  | 'upload-offset-wrong'
  | 'receipt-unknown'
  | 'token-invalid'
  | 'token-expired'
  | 'token-replaced'
  | 'token-used'
  | 'already-enrolled'
  | 'key-in-use'
  | 'renewal-too-soon'
  | 'too-many-attempts';

/** What an update can be refused for. */
export type UpdateRefusal = Exclude<RefusalCode, OtherRefusal>;

/** Who looks, at what. */
export interface PageSelf {
  readonly name: string;
  /** An observer reads, and gives no orders. */
  readonly role: 'operator' | 'observer';
  readonly federation: string;
  /** `host:port`. */
  readonly coordinator: string;
  /** By the name in figures, in the order in which they are shown. */
  readonly metrics: readonly {
    readonly name: JobDetails['bestBy'];
    readonly title: string;
    readonly range: readonly [number, number];
  }[];
  /** By code: what each refusal of an update means, and what the refused side can do. In English. */
  readonly refusals: Readonly<
    Record<string, { readonly message: string; readonly advice: string }>
  >;
}

/** A job as the list has it. */
export interface JobRow extends JobSummary {
  readonly current: {
    readonly kind: CurrentWork['kind'];
    readonly phase: CurrentWork['phase'];
    readonly deadlineAtMs: number | null;
    /** Sites that said something, an update or that they can't. */
    readonly answered: number;
    readonly asked: number;
  } | null;
  readonly best: {
    readonly round: number;
    readonly metric: JobDetails['bestBy'];
    /** Null where it is not told. */
    readonly value: number | null;
  } | null;
}

/** More of a job's table of models, without what does not change from one page of it to the next. */
export type ModelsPage = Pick<JobDetails, 'rounds' | 'nextRound'>;

/** An update as it lies at the coordinator: digests and times, and what the firewall found. */
export type UpdateRow = Omit<AcceptedUpdate, 'statement' | 'receipt'>;

/** An invitation, ready to be saved as a file; told once. */
export interface InvitationFile {
  readonly site: string;
  readonly fileName: string;
  readonly text: string;
  readonly expiresAtMs: number;
}

/** What would become of a job file. */
export interface SubmissionPreview {
  readonly name: string;
  readonly rounds: number;
  readonly minSites: number;
  readonly network: string;
  readonly strategy: string;
  readonly bestBy: string;
  readonly classes: readonly string[];
  readonly sites: readonly { readonly site: string; readonly figures: string | null }[];
}

/** An error as it is told. */
export interface PageFailure {
  readonly code: string;
  readonly message: string;
  readonly advice: string;
}

/** Where events end now. */
export interface EventsEnd {
  readonly sequence: number;
}

export type { CoordinatorEvent, CurrentWork, JobDetails, JobSummary, SiteStatus };
