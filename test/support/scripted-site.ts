import { createPrivateKey } from 'node:crypto';
import { sha256 } from '@fedvox/base';
import type { IssuedInvitation } from '@fedvox/coordinator';
import type { CoordinatorClient } from '@fedvox/coordinator/client';
import {
  type CertificateInfo,
  createCertificateRequest,
  derChainToPem,
  type KeyPair,
  readCertificate,
} from '@fedvox/pki';
import {
  type Envelope,
  encodeStatement,
  isRefusal,
  signEnvelope,
  statementDigest,
  type Task,
  UPDATE_PAYLOAD_TYPE,
  type UpdateStatement,
  verifyReceipt,
} from '@fedvox/protocol';
import {
  dialCoordinator,
  enroll,
  type FederationClient,
  isTransientGrpcError,
} from '@fedvox/transport';
import { encodeWeights } from '@fedvox/weights';
import { FEDERATION, type TestConsortium } from './consortium.js';
import { tinyDelta } from './tiny-model.js';

/** FedAvg weights of the scripted sites, unlike on purpose. */
export const WEIGHTS: Readonly<Record<string, number>> = { east: 3, north: 17, south: 1 };

/** A signed statement and the bytes it speaks of: what a real agent keeps in its outbox. */
export interface ScriptedUpdate {
  readonly statement: UpdateStatement;
  readonly envelope: Envelope;
  readonly delta: Uint8Array;
}

/** What a test may spoil before the statement is signed. */
export interface Spoiling {
  readonly delta?: Uint8Array;
  readonly statement?: Partial<UpdateStatement>;
}

const RETRY_MS = 30;

/**
 * A site that speaks the real protocol over real mutual TLS, and "trains" a delta that is a function
 * of its name and the round. It keeps what it signed until it holds the receipt, as an agent must.
 */
export class ScriptedSite {
  client: FederationClient;
  readonly receipts: Envelope[] = [];
  readonly #outbox = new Map<string, ScriptedUpdate>();
  readonly #credentials: Credentials;
  #counter = 0;

  constructor(
    readonly name: string,
    credentials: Credentials,
  ) {
    this.#credentials = credentials;
    this.client = this.dial();
  }

  get certificate(): CertificateInfo {
    return readCertificate(this.#credentials.chainPem);
  }

  /** Another connection of the same site; whoever asks for it closes it. */
  dial(address = this.#credentials.address): FederationClient {
    const { keyPem, chainPem, caPem } = this.#credentials;
    return dialCoordinator({
      address,
      federation: FEDERATION,
      caPem,
      own: { keyPem, certificateChainPem: chainPem },
      onSent: () => undefined,
    });
  }

  /** Dials another coordinator from here on, as an agent with several addresses does. */
  move(address: string): void {
    this.client.close();
    this.client = this.dial(address);
  }

  /** Takes one task and answers it well; false when there was none. */
  async workOnce(signal?: AbortSignal): Promise<boolean> {
    const task = await this.client.nextTask('idle', signal);
    if (task === undefined) return false;
    await this.answer(task);
    return true;
  }

  /** Works until the signal aborts, and then until nothing it signed is without its receipt. */
  async work(signal: AbortSignal): Promise<void> {
    while (!signal.aborted || this.#outbox.size > 0) {
      try {
        await this.#settleOutbox();
        if (!signal.aborted) await this.workOnce(signal);
      } catch (error) {
        if (error !== signal.reason && !isMendable(error)) throw error;
        await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
      }
    }
  }

  /** Delivers what was signed but whose receipt never came. */
  async #settleOutbox(): Promise<void> {
    for (const [key, update] of this.#outbox) {
      try {
        this.receipts.push(await this.deliver(update));
      } catch (error) {
        if (!isTooLate(error)) throw error;
      }
      this.#outbox.delete(key);
    }
  }

  async answer({ job, jobDigest, work }: Task): Promise<void> {
    if (work.kind === 'check-data') {
      return this.client.reportGate({ job, outcome: 'pass', figures: 'reported' });
    }
    const key = `${job}/${work.round}`;
    const update = this.#outbox.get(key) ?? this.sign({ job, jobDigest, work });
    this.#outbox.set(key, update);
    this.receipts.push(await this.deliver(update));
    this.#outbox.delete(key);
  }

  /** The next task, which must be one of a round. */
  async nextRoundTask(): Promise<Task> {
    const task = await this.client.nextTask('idle');
    if (task === undefined || task.work.kind === 'check-data') throw new Error('no round is open');
    return task;
  }

  sign({ job, jobDigest, work }: Task, spoiling: Spoiling = {}): ScriptedUpdate {
    if (work.kind === 'check-data') throw new Error('a data check is not signed');
    const delta =
      spoiling.delta ??
      (work.kind === 'train' ? encodeWeights(tinyDelta(this.name, work.round)) : new Uint8Array(0));
    const statement: UpdateStatement = {
      kind: 'fedvox/update/v1',
      federation: FEDERATION,
      job,
      jobDigest,
      round: work.round,
      site: this.name,
      baseModel: work.baseModel,
      delta: work.kind === 'train' ? { sha256: sha256(delta), byteLength: delta.byteLength } : null,
      weight: { value: WEIGHTS[this.name] ?? 1, source: 'examples' },
      figures: { dice: diceOf(this.name, work.round), auc: null },
      counter: ++this.#counter,
      ...spoiling.statement,
    };
    return { statement, envelope: this.envelop(encodeStatement(statement)), delta };
  }

  /** Signs whatever these bytes are as if they were a statement. */
  envelop(payload: Uint8Array): Envelope {
    const key = createPrivateKey(this.#credentials.keyPem);
    return signEnvelope(UPDATE_PAYLOAD_TYPE, payload, key, this.certificate.keyId);
  }

  /** Statement, delta, receipt; the receipt is verified. */
  async deliver({ envelope, delta }: ScriptedUpdate): Promise<Envelope> {
    try {
      const position = await this.client.beginUpload(envelope);
      const rest = delta.subarray(position.offset);
      if (rest.byteLength > 0) await this.client.upload(position, chunksOf(rest));
      return this.#verified(await this.client.submit(position.statement), envelope);
    } catch (error) {
      if (!isRefusal(error, 'replayed-statement')) throw error;
      const receipt = await this.client.getReceipt(statementDigest(envelope.payload));
      return this.#verified(receipt, envelope);
    }
  }

  /** What it shows, for a test that dials with it anew. */
  get credentials(): { readonly keyPem: string; readonly certificateChainPem: string } {
    const { keyPem, chainPem: certificateChainPem } = this.#credentials;
    return { keyPem, certificateChainPem };
  }

  close(): void {
    this.client.close();
  }

  #verified(receipt: Envelope, { payload }: Envelope): Envelope {
    verifyReceipt(receipt, this.client.coordinatorKey, payload);
    return receipt;
  }
}

interface Credentials {
  readonly keyPem: string;
  readonly chainPem: string;
  readonly address: string;
  readonly caPem: string;
}

/** Enrols through the real enrolment server, with a token that the operator was given. */
export async function enrollScriptedSite(
  consortium: TestConsortium,
  operator: CoordinatorClient,
  name: string,
): Promise<ScriptedSite> {
  const invitation = await operator.inviteSite(name);
  const { privateKeyPem: keyPem } = consortium.siteKeys.get(name) as KeyPair;
  const chainPem = await certificateFor(invitation, keyPem);
  const { federationAddress: address, caCertificatePem: caPem } = invitation;
  return new ScriptedSite(name, { keyPem, chainPem, address, caPem });
}

export async function certificateFor(
  { site, token, enrollmentAddress: address, caCertificatePem: caPem }: IssuedInvitation,
  keyPem: string,
): Promise<string> {
  const certificateRequest = await createCertificateRequest({ keyPem, name: site });
  const options = { address, federation: FEDERATION, caPem, token, certificateRequest };
  return derChainToPem(await enroll({ ...options, onSent: () => undefined }));
}

/** A Dice that rises with the rounds and differs between sites. */
export function diceOf(site: string, round: number): number {
  return 0.1 * round + 0.01 * (site.length % 5);
}

async function* chunksOf(bytes: Uint8Array, size = 100): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.byteLength; at += size) yield bytes.subarray(at, at + size);
}

function isMendable(error: unknown): boolean {
  return (
    isTransientGrpcError(error) ||
    isRefusal(error, 'upload-unknown') ||
    isRefusal(error, 'upload-offset-wrong') ||
    isRefusal(error, 'delta-truncated') ||
    isRefusal(error, 'job-paused') ||
    isTooLate(error)
  );
}

function isTooLate(error: unknown): boolean {
  return isRefusal(error, 'stale-round') || isRefusal(error, 'round-closed');
}
