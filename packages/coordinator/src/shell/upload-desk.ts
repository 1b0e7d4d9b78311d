import type { FedvoxError, Sha256 } from '@fedvox/base';
import type { CertificateInfo } from '@fedvox/pki';
import {
  type AnyUpdateStatement,
  type Envelope,
  envelopeFromJson,
  isRefusal,
  refuse,
  type UploadPosition,
  verifyUpdate,
} from '@fedvox/protocol';
import { admitStatement } from '../core/admission.js';
import type { JobState } from '../core/job-state.js';
import { baseModelOf, isBetweenRounds, takesEarlier } from '../core/overlap.js';
import { eventOfStrike, isSpoilt } from '../core/strikes.js';
import type { Store } from '../store/store.js';
import { deltaByteLength } from '../threads/delta-check.js';
import { UpdateAcceptance, type UpdateAcceptanceOptions } from './update-acceptance.js';
import { UpdateChecks } from './update-checks.js';
import { type Upload, UploadSessions } from './upload-sessions.js';

export interface UploadDeskOptions extends UpdateAcceptanceOptions {
  readonly store: Store;
  /** An update whose signature held was turned away. */
  readonly onRefused: (job: string, site: string, error: FedvoxError) => Promise<void>;
}

/** Takes signed updates in: statement first, then the delta's bytes, then the receipt. */
export class UploadDesk {
  readonly #options: UploadDeskOptions;
  readonly #sessions: UploadSessions;
  readonly #checks = new UpdateChecks();
  readonly #acceptance: UpdateAcceptance;

  constructor(options: UploadDeskOptions) {
    this.#options = options;
    this.#sessions = new UploadSessions(options.spool);
    this.#acceptance = new UpdateAcceptance(options);
  }

  /** @throws FedvoxError a refusal, by name */
  async begin(envelope: Envelope, caller: CertificateInfo): Promise<UploadPosition> {
    const { registry, openings, store, authorize } = this.#options;
    const { statement, digest } = verifyUpdate(envelope, caller);
    const { job, round, site } = statement;
    await openings.until(job, isBetweenRounds);
    // A new statement makes room for itself; one that is being checked is not to lose its bytes.
    await this.#checks.endedOf(site);
    // In this order: a statement accepted in between must show as accepted, not as an old counter.
    const lastCounter = await store.lastCounter(job, site, caller.keyId);
    const isAccepted = (await store.update(digest)) !== undefined;
    const found = registry.find(job);
    // Of the present round the state knows it, at no cost that grows with the sites.
    const isRoundAnswered =
      found !== undefined &&
      takesEarlier(found.state, round) &&
      (await store.updates(job, round)).some((each) => each.site === site);
    const deltaByteLength = await this.#deltaByteLength(statement, found?.state);
    try {
      admitStatement(statement, {
        ...{ job: found, isAccepted, isRoundAnswered, lastCounter, deltaByteLength },
      });
    } catch (error) {
      if (isSpoilt(error)) await this.#strike(statement);
      await this.#refused(statement, error);
      throw error;
    }
    const update = { digest, statement, envelope, sender: caller };
    const offset = await this.#sessions.open(update, () => authorize(caller));
    return { statement: digest, offset };
  }

  /** Appends consecutive chunks; what has arrived when the connection breaks is kept. */
  append(
    position: UploadPosition,
    chunks: AsyncIterable<Uint8Array>,
    { identity }: CertificateInfo,
  ): Promise<{ offset: number }> {
    return this.#sessions.append(position, chunks, identity.name);
  }

  /**
   * Checks the whole update and accepts it: the receipt is given once its bytes and its row are
   * durable. Asked again meanwhile, it gives the same answer.
   */
  async submit(digest: Sha256, { identity }: CertificateInfo): Promise<Envelope> {
    const upload = this.#sessions.find(digest, identity.name);
    if (upload === undefined) {
      const isAccepted = (await this.#options.store.update(digest)) !== undefined;
      throw isAccepted ? refuse('replayed-statement') : refuse('upload-unknown');
    }
    return this.#checks.run(upload, () => this.#accept(upload));
  }

  /** @throws FedvoxError `refused/receipt-unknown` */
  async receipt(digest: Sha256, caller: CertificateInfo): Promise<Envelope> {
    const update = await this.#options.store.update(digest);
    if (update?.site !== caller.identity.name) throw refuse('receipt-unknown');
    return envelopeFromJson(JSON.parse(update.receiptEnvelope));
  }

  /** Forgets the site's upload and drops its bytes: it has been shut out. */
  drop(site: string): Promise<void> {
    return this.#sessions.drop(site);
  }

  /** Updates that are on their way in, and those of them that are being checked. */
  get waiting(): { readonly uploads: number; readonly checks: number } {
    return { uploads: this.#sessions.size, checks: this.#checks.size };
  }

  /** Resolves when no update of the round is being checked any more. */
  settled(job: string, round: number): Promise<void> {
    return this.#checks.settled(job, round);
  }

  /** Resolves when no update at all is being checked any more. */
  idle(): Promise<void> {
    return this.#checks.idle();
  }

  async #deltaByteLength(
    { baseModel, round }: AnyUpdateStatement,
    state: JobState | undefined,
  ): Promise<number | undefined> {
    if (state === undefined || state.activity.kind === 'gate') return undefined;
    // A statement may name anything; only the base model of its own round is opened.
    if (baseModelOf(state.activity.round, round) !== baseModel) return undefined;
    return deltaByteLength(await this.#options.blobs.path(baseModel), state.plan.encoding);
  }

  async #accept(upload: Upload): Promise<Envelope> {
    try {
      const receipt = await this.#acceptance.accept(upload);
      this.#sessions.close(upload);
      return receipt;
    } catch (error) {
      if (isSpoilt(error)) {
        await this.#sessions.discard(upload);
        await this.#strike(upload.statement);
      }
      await this.#refused(upload.statement, error);
      throw error;
    }
  }

  async #refused({ job, site }: AnyUpdateStatement, error: unknown): Promise<void> {
    if (isRefusal(error)) await this.#options.onRefused(job, site, error);
  }

  /** Counts a spoilt update against its site; after too many its round goes on without it. */
  async #strike({ job, site }: AnyUpdateStatement): Promise<void> {
    const { store, registry } = this.#options;
    const strikes = await store.addStrike(site);
    await registry.advance(job, ({ state }, nowMs) => {
      const event = eventOfStrike(strikes, state, site, nowMs);
      return event === null ? null : { event };
    });
  }
}
