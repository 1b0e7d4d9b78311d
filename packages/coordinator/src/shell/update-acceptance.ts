import type { KeyObject } from 'node:crypto';
import type { Clock, Sha256 } from '@fedvox/base';
import { PLAIN } from '@fedvox/job';
import type { CertificateInfo } from '@fedvox/pki';
import {
  type AnyUpdateStatement,
  type Envelope,
  envelopeToJson,
  refuse,
  signReceipt,
} from '@fedvox/protocol';
import { admitUpdate } from '../core/admission.js';
import { mustWait } from '../core/overlap.js';
import type { BlobStore } from '../store/blob-store.js';
import type { Spool } from '../store/spool.js';
import type { ComputeThreads } from '../threads/compute-threads.js';
import type { JobRegistry } from './job-registry.js';
import type { Openings } from './openings.js';
import type { Upload } from './upload-sessions.js';

export interface UpdateAcceptanceOptions {
  readonly federation: string;
  readonly clock: Clock;
  readonly registry: JobRegistry;
  readonly openings: Openings;
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
    const { registry, openings } = this.#options;
    await openings.until(statement.job, mustWait);
    admitUpdate(statement, registry.get(statement.job).state);
    await this.#takeOverDelta(upload);
    return this.#record(upload);
  }

  /** Once this resolves, the delta is durable under its digest. */
  async #takeOverDelta({ digest, statement, sender }: Upload): Promise<void> {
    const { registry, spool, blobs, threads, authorize } = this.#options;
    const { job, site, delta, baseModel } = statement;
    if (delta === null) return;
    const received = await spool.byteLength(site, digest);
    if (received < delta.byteLength) {
      throw refuse('delta-truncated', { received, expected: delta.byteLength });
    }
    const path = spool.path(site, digest);
    const basePath = await blobs.path(baseModel);
    const { encoding = PLAIN } = registry.get(job).state.plan;
    // While it is checked it is made durable: most are accepted.
    const arrived = { path, delta, basePath, encoding };
    await Promise.all([threads.checkDelta(arrived), spool.sync(site, digest)]);
    authorize(sender);
    await blobs.adopt(path, delta.sha256);
  }

  async #record({ digest, statement, envelope, sender }: Upload): Promise<Envelope> {
    const { registry, openings, clock, onAccepted, authorize } = this.#options;
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
      localSteps: 'localSteps' in statement ? statement.localSteps : null,
      figures,
      counter,
      keyId: sender.keyId,
      acceptedAtMs,
      statementEnvelope: JSON.stringify(envelopeToJson(envelope)),
      receiptEnvelope: JSON.stringify(envelopeToJson(receipt)),
    };
    let isRecorded = false;
    const record = () =>
      registry.advance(job, ({ state }, nowMs) => {
        authorize(sender);
        isRecorded = !mustWait(state);
        if (!isRecorded) return null;
        const staleness = admitUpdate(statement, state);
        const answer = {
          ...({ kind: 'update', statement: digest } as const),
          ...(staleness > 0 && { staleness }),
        };
        return { event: { kind: 'site-answered', site, answer, nowMs }, update };
      });
    for (await record(); !isRecorded; await record()) await openings.until(job, mustWait);
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
