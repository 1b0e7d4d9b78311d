import type { Readable } from 'node:stream';
import type { Sha256 } from '@fedvox/base';
import type { Figures } from '@fedvox/job';
import type { JobFact } from '../core/facts.js';
import type { JobState } from '../core/job-state.js';
import type { ReportedFigures } from '../core/results.js';
import type { RoundWork } from '../core/round-machine.js';
import type { Transition } from '../core/transition.js';
import type { RoundVerdict } from '../core/verdict.js';

/**
 * What the coordinator remembers. Each method is one transaction, durable when its promise resolves;
 * a rejected one changed nothing. One contract suite runs over every implementation.
 */
export interface Store {
  /** @throws FedvoxError `coordinator/job-exists` */
  addJob(job: NewJob): Promise<void>;
  /** Those that were not deleted, in order of submission. */
  jobs(): Promise<readonly StoredJob[]>;
  /** Undefined where there is none, or where it was deleted. */
  job(jobId: string): Promise<StoredJob | undefined>;
  /**
   * Stores a job's next state with what happened on the way to it, and the verdicts on updates that it
   * brought (`changedVerdicts`), as its next revision. Of two
   * writers that saw the same revision the first one wins.
   * @throws FedvoxError `coordinator/job-changed` where the job is at another revision than was seen,
   *   `coordinator/update-exists` where its round has an update of that site
   */
  record(transition: RecordedTransition): Promise<void>;
  /** Rounds that were opened, in order: all, or from one on. */
  rounds(jobId: string, from?: number): Promise<readonly StoredRound[]>;
  /** Accepted updates of one round, by site. */
  updates(jobId: string, round: number): Promise<readonly StoredUpdate[]>;
  /** What was found of updates from a round on, and decided about them; by round, then site. */
  verdicts(jobId: string, fromRound: number): Promise<readonly RoundVerdict[]>;
  /** What the accepted updates of a job reported, by round, then site; of all rounds where none are named. */
  figures(jobId: string, rounds?: RoundSpan): Promise<readonly ReportedFigures[]>;
  update(statement: Sha256): Promise<StoredUpdate | undefined>;
  /** The highest counter accepted from this key for this job; 0 where there is none. */
  lastCounter(jobId: string, site: string, keyId: Sha256): Promise<number>;
  /** Counts an update that the site spoilt; answers how many since its last accepted one, of any job. */
  addStrike(site: string): Promise<number>;
  /** At most `limit` facts with a sequence above `after`, in order: of all jobs, or of one. */
  facts(after: number, limit: number, jobId?: string): Promise<readonly StoredFact[]>;
  /** The last `limit` facts with a sequence below `before`, in order: of all jobs, or of one. */
  factsBefore(before: number, limit: number, jobId?: string): Promise<readonly StoredFact[]>;
  /** The last `limit` facts of a job that say who ordered them, in order. */
  orders(jobId: string, limit: number): Promise<readonly StoredFact[]>;
  /**
   * Counts updates of a site that were refused for one reason. The first of a round is told as a fact
   * too; whether this was one.
   */
  addRefusal(refusal: NewRefusal): Promise<boolean>;
  /** What of a job was refused, by site, then reason. */
  refusals(jobId: string): Promise<readonly StoredRefusal[]>;

  /** Every accepted delta of a job, by round, then site. */
  deltas(jobId: string): Promise<readonly StoredDelta[]>;
  /** When the last thing happened to the job, in milliseconds since the epoch. */
  lastFactAtMs(jobId: string): Promise<number>;
  /**
   * Takes a job off the list, with what is to be said of it; its rows stay, for whoever holds a receipt.
   * @throws FedvoxError `coordinator/job-changed` where the job is at another revision than was seen
   */
  deleteJob(jobId: string, seen: number, atMs: number, facts: readonly JobFact[]): Promise<void>;
  /** Jobs that were deleted, in order of submission. */
  deletedJobs(): Promise<readonly StoredJob[]>;
  /** Remembers that bytes were removed on purpose. */
  recordRemoved(digests: readonly Sha256[], atMs: number): Promise<void>;
  removedAtMs(digest: Sha256): Promise<number | undefined>;

  /** Ends every other open invitation of the site: one is live at a time. */
  addInvitation(invitation: NewInvitation): Promise<void>;
  invitation(tokenHash: Sha256): Promise<StoredInvitation | undefined>;
  /** Sites whose invitation is neither spent nor expired, by name. */
  openInvitations(nowMs: number): Promise<readonly string[]>;
  /**
   * Spends the token, keeps the certificate and revokes those that it replaces. False, and no change,
   * where the token is spent or expired.
   */
  spendInvitation(
    tokenHash: Sha256,
    certificate: NewCertificate,
    replacedSerials: readonly string[],
  ): Promise<boolean>;
  /** Keeps a site's next certificate. False, and no change, where the one it showed does not count. */
  addRenewal(shownSerial: string, certificate: NewCertificate): Promise<boolean>;
  /** The newest invitation of each site that none has used; by site. */
  unspentInvitations(): Promise<readonly UnspentInvitation[]>;
  /** When each site was last heard of, as far as it was recorded. */
  sightings(): Promise<ReadonlyMap<string, number>>;
  recordSightings(lastSeenAtMs: ReadonlyMap<string, number>): Promise<void>;
  /** By site, then time of issue. */
  certificates(): Promise<readonly StoredCertificate[]>;
  /** The names of all that ever had a certificate for this key. */
  holdersOf(keyId: Sha256): Promise<readonly string[]>;
  /** Revokes every certificate of the site; answers their serials. */
  revokeSite(site: string, atMs: number): Promise<readonly string[]>;
  /** Takes up a revocation that this database may never have heard of. */
  takeUpRevocation(revocation: TakenUpRevocation): Promise<void>;
  /** Registers operators' certificates; those known already stay as they are. */
  keepOperators(operators: readonly NewOperator[]): Promise<void>;
  /** Every operator's certificate that was ever registered. */
  operators(): Promise<readonly StoredOperator[]>;
  /** Revokes every operator's certificate for these keys; the first revocation stands. */
  revokeOperators(keyIds: readonly Sha256[], atMs: number): Promise<void>;

  /** All of it as it stands at one moment, as a SQLite file that a store of either kind opens with. */
  snapshot(): Promise<StoreSnapshot>;

  /** Aborted, with the error that says so, once another coordinator writes to this store. */
  readonly leading: AbortSignal;

  close(): Promise<void>;
}

export interface NewJob {
  readonly name: string;
  readonly jobSha256: Sha256;
  readonly submittedAtMs: number;
  readonly state: JobState;
  readonly facts: readonly JobFact[];
}

/** The revision that a job has when it was added; each record makes the next one. */
export const FIRST_REVISION = 1;

export interface StoredJob {
  /** Of submission: lower is older. */
  readonly sequence: number;
  readonly name: string;
  readonly jobSha256: Sha256;
  readonly submittedAtMs: number;
  readonly state: JobState;
  readonly revision: number;
}

export interface RecordedTransition extends Transition {
  /** What it was decided on: the job as it was stored. */
  readonly seen: Pick<StoredJob, 'state' | 'revision'>;
  readonly atMs: number;
  /** The update whose acceptance this is. */
  readonly update?: StoredUpdate;
}

/** Read once, or destroyed: it holds a file until then. */
export interface StoreSnapshot {
  readonly byteLength: number;
  readonly bytes: Readable;
}

export interface StoredRound {
  readonly round: number;
  readonly work: RoundWork;
  readonly baseModel: Sha256;
  readonly openedAtMs: number;
  /** Null until committed. */
  readonly model: Sha256 | null;
  /** What the strategy keeps for the rounds to come; null until committed, and where it keeps nothing. */
  readonly serverState: Sha256 | null;
  readonly committedAtMs: number | null;
}

export interface StoredUpdate {
  readonly statementSha256: Sha256;
  readonly jobId: string;
  readonly round: number;
  readonly site: string;
  /** Null in a round that only evaluates. */
  readonly deltaSha256: Sha256 | null;
  readonly weight: number;
  /** Steps of the optimizer that made the delta; null where the site did not say. */
  readonly localSteps: number | null;
  readonly figures: Figures;
  readonly counter: number;
  readonly keyId: Sha256;
  readonly acceptedAtMs: number;
  /** DSSE envelopes in their JSON form. */
  readonly statementEnvelope: string;
  readonly receiptEnvelope: string;
}

/** Rounds from the first to the last, both of them too. */
export interface RoundSpan {
  readonly first: number;
  readonly last: number;
}

export interface NewRefusal {
  readonly jobId: string;
  readonly site: string;
  /** A refusal's code, without its prefix. */
  readonly reason: string;
  /** That the job was in, whatever the update was for; 0 is the data gate. */
  readonly round: number;
  readonly times: number;
  readonly atMs: number;
}

export interface StoredRefusal {
  readonly site: string;
  readonly reason: string;
  /** The last one in which it happened. */
  readonly round: number;
  /** In all rounds together. */
  readonly times: number;
  readonly firstAtMs: number;
  readonly lastAtMs: number;
}

export interface StoredDelta {
  readonly round: number;
  readonly sha256: Sha256;
}

export interface StoredFact {
  readonly sequence: number;
  readonly jobId: string;
  readonly atMs: number;
  readonly fact: JobFact;
}

export interface NewInvitation {
  readonly tokenHash: Sha256;
  readonly site: string;
  readonly createdAtMs: number;
  readonly expiresAtMs: number;
  /** Whether it may take the place of certificates that the site has. */
  readonly replaces: boolean;
}

export interface UnspentInvitation {
  readonly site: string;
  readonly expiresAtMs: number;
}

export interface StoredInvitation extends NewInvitation {
  /** What the token was exchanged for; null while it is unused. */
  readonly spentOn: StoredCertificate | null;
  /** Whether a newer invitation took its place. */
  readonly isReplaced: boolean;
}

export interface NewCertificate {
  readonly serial: string;
  readonly site: string;
  readonly keyId: Sha256;
  readonly certificatePem: string;
  readonly issuedAtMs: number;
}

export interface StoredCertificate extends NewCertificate {
  readonly revokedAtMs: number | null;
}

export interface TakenUpRevocation {
  readonly site: string;
  readonly serials: readonly string[];
  /** Invitations of the site that were made before are void. */
  readonly atMs: number;
}

export interface NewOperator {
  readonly serial: string;
  readonly name: string;
  readonly keyId: Sha256;
  readonly certificatePem: string;
  readonly knownSinceMs: number;
}

export interface StoredOperator extends NewOperator {
  readonly revokedAtMs: number | null;
}
