import type { KeyObject } from 'node:crypto';
import type { Clock, Sha256 } from '@fedvox/base';
import type { CertificateInfo } from '@fedvox/pki';
import {
  type Envelope,
  envelopeFromJson,
  envelopeToJson,
  isRefusal,
  type RefusalCode,
  refuse,
  signReceipt,
  type UpdateStatement,
  type UploadPosition,
  verifyUpdate,
} from '@fedvox/protocol';
import { admitStatement, admitUpdate } from '../core/admission.js';
import type { JobState } from '../core/job-state.js';
import { taskOf } from '../core/tasks.js';
import { SerialQueue } from '../serial-queue.js';
import type { BlobStore } from '../store/blob-store.js';
import type { Spool } from '../store/spool.js';
import type { Store, StoredUpdate } from '../store/store.js';
import { checkArrivedDelta, deltaByteLength } from './delta-check.js';
import type { JobRegistry } from './job-registry.js';

/** A site that spoils this many updates of one round is not waited for any longer. */
const MAX_SPOILT_UPDATES = 3;

/** Refusals of what was delivered, as against when or by whom. */
const SPOILT: readonly RefusalCode[] = [
  'delta-too-large',
  'delta-digest-mismatch',
  'delta-not-safetensors',
  'delta-shape-mismatch',
  'delta-not-finite',
];

export interface UploadDeskOptions {
  readonly federation: string;
  readonly clock: Clock;
  readonly registry: JobRegistry;
  readonly store: Store;
  readonly blobs: BlobStore;
  readonly spool: Spool;
  readonly maxModelBytes: number;
  /** What receipts are signed with: the coordinator's TLS key. */
  readonly receiptKey: KeyObject;
  readonly receiptKeyId: Sha256;
  readonly onAccepted: (deltaBytes: number) => void;
  /** Whether the sender still counts: calls that began before its revocation get no further. */
  readonly authorize: (site: CertificateInfo) => void;
}

/** A statement that was let in, and the delta that follows it. One per site, in memory only. */
interface Upload {
  readonly digest: Sha256;
  readonly statement: UpdateStatement;
  readonly envelope: Envelope;
  readonly sender: CertificateInfo;
  /** Writes to the spool one after another, whatever connections they come in by. */
  readonly writes: SerialQueue;
}

/** An update that is being checked. */
interface Submission {
  readonly job: string;
  readonly round: number;
  readonly site: string;
  readonly receipt: Promise<Envelope>;
}

/** Takes signed updates in: statement first, then the delta's bytes, then the receipt. */
export class UploadDesk {
  readonly #options: UploadDeskOptions;
  readonly #uploads = new Map<string, Upload>();
  readonly #submissions = new Map<Sha256, Submission>();
  readonly #spoilt = new Map<string, { readonly round: string; readonly count: number }>();

  constructor(options: UploadDeskOptions) {
    this.#options = options;
  }

  /** @throws FedvoxError a refusal, by name */
  async begin(envelope: Envelope, caller: CertificateInfo): Promise<UploadPosition> {
    const { registry, store, spool } = this.#options;
    const { statement, digest } = verifyUpdate(envelope, caller);
    const { job, site } = statement;
    // A new statement makes room for itself; one that is being checked is not to lose its bytes.
    await this.#submissionEnded((submission) => submission.site === site);
    // In this order: a statement accepted in between must show as accepted, not as an old counter.
    const lastCounter = await store.lastCounter(job, site, caller.keyId);
    const isAccepted = (await store.update(digest)) !== undefined;
    const found = registry.find(job);
    const deltaByteLength = await this.#deltaByteLength(statement, found?.state);
    try {
      admitStatement(statement, { job: found, isAccepted, lastCounter, deltaByteLength });
    } catch (error) {
      await this.#countIfSpoilt(statement, error);
      throw error;
    }
    const present = this.#uploads.get(site);
    await present?.writes.drained();
    this.#options.authorize(caller);
    if (present?.digest !== digest) {
      const writes = new SerialQueue();
      this.#uploads.set(site, { digest, statement, envelope, sender: caller, writes });
    }
    return { statement: digest, offset: await spool.claim(site, digest) };
  }

  /** Appends consecutive chunks; what has arrived when the connection breaks is kept. */
  async append(
    { statement: digest, offset }: UploadPosition,
    chunks: AsyncIterable<Uint8Array>,
    caller: CertificateInfo,
  ): Promise<{ offset: number }> {
    const upload = this.#uploadOf(digest, caller);
    let position = offset;
    for await (const chunk of chunks) {
      const at = position;
      await upload.writes.run(() => this.#write(upload, at, chunk));
      position += chunk.byteLength;
    }
    return { offset: position };
  }

  /**
   * Checks the whole update and accepts it: the receipt is given once its bytes and its row are
   * durable. Asked again meanwhile, it gives the same answer.
   */
  async submit(digest: Sha256, caller: CertificateInfo): Promise<Envelope> {
    const upload = this.#uploads.get(caller.identity.name);
    if (upload?.digest !== digest) {
      const isAccepted = (await this.#options.store.update(digest)) !== undefined;
      throw isAccepted ? refuse('replayed-statement') : refuse('upload-unknown');
    }
    const underWay = this.#submissions.get(digest);
    if (underWay !== undefined) return underWay.receipt;
    const { job, round, site } = upload.statement;
    const receipt = this.#accept(upload).finally(() => this.#submissions.delete(digest));
    this.#submissions.set(digest, { job, round, site, receipt });
    return receipt;
  }

  /** @throws FedvoxError `refused/receipt-unknown` */
  async receipt(digest: Sha256, caller: CertificateInfo): Promise<Envelope> {
    const update = await this.#options.store.update(digest);
    if (update?.site !== caller.identity.name) throw refuse('receipt-unknown');
    return envelopeFromJson(JSON.parse(update.receiptEnvelope));
  }

  /** Forgets the site's upload and drops its bytes: it has been shut out. */
  async drop(site: string): Promise<void> {
    const upload = this.#uploads.get(site);
    this.#uploads.delete(site);
    await upload?.writes.drained();
    await this.#options.spool.clear(site);
  }

  /** Resolves when no update of the round is being checked any more. */
  settled(job: string, round: number): Promise<void> {
    return this.#submissionEnded(
      (submission) => submission.job === job && submission.round === round,
    );
  }

  /** Resolves when no update at all is being checked any more. */
  idle(): Promise<void> {
    return this.#submissionEnded(() => true);
  }

  async #submissionEnded(isMeant: (submission: Submission) => boolean): Promise<void> {
    const waiting = [...this.#submissions.values()].filter(isMeant);
    await Promise.allSettled(waiting.map(({ receipt }) => receipt));
  }

  #uploadOf(digest: Sha256, { identity }: CertificateInfo): Upload {
    const upload = this.#uploads.get(identity.name);
    if (upload?.digest !== digest) throw refuse('upload-unknown');
    return upload;
  }

  async #deltaByteLength(
    { baseModel }: UpdateStatement,
    state: JobState | undefined,
  ): Promise<number | undefined> {
    if (state === undefined || state.activity.kind === 'gate') return undefined;
    // A statement may name anything; only the round's own base model is opened.
    if (state.activity.round.baseModel !== baseModel) return undefined;
    return deltaByteLength(this.#options.blobs.path(baseModel));
  }

  async #write({ digest, statement }: Upload, at: number, chunk: Uint8Array): Promise<void> {
    const { spool } = this.#options;
    const { site, delta } = statement;
    if (this.#uploads.get(site)?.digest !== digest) throw refuse('upload-unknown');
    const expected = await spool.byteLength(site, digest);
    if (at !== expected) throw refuse('upload-offset-wrong', { expected, offset: at });
    const byteLength = at + chunk.byteLength;
    const maxBytes = delta?.byteLength ?? 0;
    if (byteLength > maxBytes) throw refuse('delta-too-large', { byteLength, maxBytes });
    await spool.append(site, digest, chunk);
  }

  async #accept(upload: Upload): Promise<Envelope> {
    const { statement, digest } = upload;
    const { job, site } = statement;
    await upload.writes.drained();
    admitUpdate(statement, this.#options.registry.get(job).state);
    try {
      await this.#takeOverDelta(upload);
    } catch (error) {
      await this.#onSpoilt(upload, error);
      throw error;
    }
    const receipt = await this.#record(upload);
    if (this.#uploads.get(site)?.digest === digest) this.#uploads.delete(site);
    this.#spoilt.delete(site);
    return receipt;
  }

  /** Once this resolves, the delta is durable under its digest. */
  async #takeOverDelta({ digest, statement, sender }: Upload): Promise<void> {
    const { spool, blobs } = this.#options;
    const { site, delta, baseModel } = statement;
    if (delta === null) return;
    const received = await spool.byteLength(site, digest);
    if (received < delta.byteLength) {
      throw refuse('delta-truncated', { received, expected: delta.byteLength });
    }
    const path = spool.path(site, digest);
    await checkArrivedDelta(path, delta, blobs.path(baseModel));
    this.#options.authorize(sender);
    await spool.sync(site, digest);
    await blobs.adopt(path, delta.sha256);
  }

  async #record({ digest, statement, envelope, sender }: Upload): Promise<Envelope> {
    const { registry, clock, onAccepted, authorize } = this.#options;
    const { job, round, site, delta, weight, figures, counter } = statement;
    const acceptedAtMs = clock.nowMs();
    const receipt = this.#countersign(statement, digest, acceptedAtMs);
    const update: StoredUpdate = {
      statementSha256: digest,
      jobId: job,
      round,
      site,
      deltaSha256: delta?.sha256 ?? null,
      weight: weight.value,
      figures,
      counter,
      keyId: sender.keyId,
      acceptedAtMs,
      statementEnvelope: JSON.stringify(envelopeToJson(envelope)),
      receiptEnvelope: JSON.stringify(envelopeToJson(receipt)),
    };
    await registry.advance(job, ({ state }, nowMs) => {
      authorize(sender);
      admitUpdate(statement, state);
      const answer = { kind: 'update', statement: digest } as const;
      return { event: { kind: 'site-answered', site, answer, nowMs }, update };
    });
    onAccepted(delta?.byteLength ?? 0);
    return receipt;
  }

  #countersign(
    { job, round, site }: UpdateStatement,
    statement: Sha256,
    acceptedAtMs: number,
  ): Envelope {
    const { federation, receiptKey, receiptKeyId } = this.#options;
    const receipt = { federation, statement, job, round, site, acceptedAtMs };
    return signReceipt({ kind: 'fedvox/receipt/v1', ...receipt }, receiptKey, receiptKeyId);
  }

  /** Drops what was spoilt, so that it can be sent again. */
  async #onSpoilt({ digest, statement }: Upload, error: unknown): Promise<void> {
    if (!isSpoilt(error)) return;
    const { site } = statement;
    await this.#options.spool.discard(site, digest);
    if (this.#uploads.get(site)?.digest === digest) this.#uploads.delete(site);
    await this.#countIfSpoilt(statement, error);
  }

  /** After too many spoilt updates of a round, its site is given up. */
  async #countIfSpoilt(statement: UpdateStatement, error: unknown): Promise<void> {
    if (!isSpoilt(error)) return;
    const { job, round, site } = statement;
    const key = `${job}/${round}`;
    const before = this.#spoilt.get(site);
    const count = before?.round === key ? before.count + 1 : 1;
    this.#spoilt.set(site, { round: key, count });
    if (count >= MAX_SPOILT_UPDATES) await this.#giveUp(statement);
  }

  async #giveUp(statement: UpdateStatement): Promise<void> {
    const { job, site } = statement;
    await this.#options.registry.advance(job, ({ state }, nowMs) => {
      if (taskOf(state, site, nowMs)?.kind !== 'train') return null;
      const answer = { kind: 'given-up' } as const;
      return { event: { kind: 'site-answered', site, answer, nowMs } };
    });
  }
}

function isSpoilt(error: unknown): boolean {
  return SPOILT.some((code) => isRefusal(error, code));
}
