import type { KeyObject } from 'node:crypto';
import type { Clock, Sha256 } from '@fedvox/base';
import type { CertificateInfo } from '@fedvox/pki';
import {
  type AnyUpdateStatement,
  type Envelope,
  envelopeToJson,
  refuse,
  signReceipt,
} from '@fedvox/protocol';
import { admitUpdate } from '../core/admission.js';
import type { BlobStore } from '../store/blob-store.js';
import type { Spool } from '../store/spool.js';
import type { ComputeThreads } from '../threads/compute-threads.js';
import type { JobRegistry } from './job-registry.js';
import type { Upload } from './upload-sessions.js';

export interface UpdateAcceptanceOptions {
  readonly federation: string;
  readonly clock: Clock;
  readonly registry: JobRegistry;
  readonly blobs: BlobStore;
  readonly spool: Spool;
  readonly threads: ComputeThreads;
  /** What receipts are signed with: the coordinator's TLS key. */
  readonly receiptKey: KeyObject;
  readonly receiptKeyId: Sha256;
  readonly onAccepted: (deltaBytes: number) => void;
  /** Whether the sender still counts: calls that began before its revocation get no further. */
  readonly authorize: (site: CertificateInfo) => void;
}

/** Accepts updates that are here whole: the receipt is given once bytes and row are durable. */
export class UpdateAcceptance {
  readonly #options: UpdateAcceptanceOptions;

  constructor(options: UpdateAcceptanceOptions) {
    this.#options = options;
  }

  /** @throws FedvoxError a refusal, by name */
  async accept(upload: Upload): Promise<Envelope> {
    await upload.writes.drained();
    const { statement } = upload;
    admitUpdate(statement, this.#options.registry.get(statement.job).state);
    await this.#takeOverDelta(upload);
    return this.#record(upload);
  }

  /** Once this resolves, the delta is durable under its digest. */
  async #takeOverDelta({ digest, statement, sender }: Upload): Promise<void> {
    const { spool, blobs, threads, authorize } = this.#options;
    const { site, delta, baseModel } = statement;
    if (delta === null) return;
    const received = await spool.byteLength(site, digest);
    if (received < delta.byteLength) {
      throw refuse('delta-truncated', { received, expected: delta.byteLength });
    }
    const path = spool.path(site, digest);
    const basePath = await blobs.path(baseModel);
    // While it is checked it is made durable: most are accepted.
    await Promise.all([threads.checkDelta({ path, delta, basePath }), spool.sync(site, digest)]);
    authorize(sender);
    await blobs.adopt(path, delta.sha256);
  }

  async #record({ digest, statement, envelope, sender }: Upload): Promise<Envelope> {
    const { registry, clock, onAccepted, authorize } = this.#options;
    const { job, round, site, delta, weight, figures, counter } = statement;
    const acceptedAtMs = clock.nowMs();
    const receipt = this.#countersign(statement, digest, acceptedAtMs);
    const update = {
      statementSha256: digest,
      jobId: job,
      round,
      site,
      deltaSha256: delta?.sha256 ?? null,
      weight: weight.value,
      localSteps: statement.kind === 'fedvox/update/v2' ? statement.localSteps : null,
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
    { job, round, site }: AnyUpdateStatement,
    statement: Sha256,
    acceptedAtMs: number,
  ): Envelope {
    const { federation, receiptKey, receiptKeyId } = this.#options;
    const receipt = { federation, statement, job, round, site, acceptedAtMs };
    return signReceipt({ kind: 'fedvox/receipt/v1', ...receipt }, receiptKey, receiptKeyId);
  }
}
