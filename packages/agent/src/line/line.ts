import type { Sha256 } from '@fedvox/base';
import type { Credentials } from '@fedvox/pki';
import {
  CAPABILITIES,
  type Capability,
  DEFAULT_CHUNK_BYTES,
  type Decline,
  type Envelope,
  type GateReport,
  type Heartbeat,
  outcomeFor,
  verifyReceipt,
  type Welcome,
} from '@fedvox/protocol';
import { downloadTo, type FederationClient, uploadFrom, type Wire } from '@fedvox/transport';
import type { Answer } from '../core/answer.js';
import { roundOf, type SiteState, type Task } from '../core/task.js';
import type { EgressLedger } from '../ledger/egress-ledger.js';
import type { OutboxEntry } from '../state/outbox.js';
import { Announcer } from './announcer.js';
import type { Outgoing } from './outgoing.js';

export interface LineOptions {
  /** `host:port` of the coordinator. */
  readonly address: string;
  readonly credentials: Credentials;
  readonly ledger: EgressLedger;
  readonly dial: Wire['dial'];
}

/**
 * The site's line to its coordinator: dialled out, mutually authenticated, and the only way out. Each
 * method says what is on the closed list and nothing else.
 * @throws FedvoxError, from every method: `refused/…` and `protocol/…` as the protocol names them;
 *   `agent/not-sendable` and `agent/ledger-unwritable` where nothing was sent
 */
export class Line {
  readonly #client: FederationClient;
  readonly #announcer: Announcer;
  #chunkBytes = DEFAULT_CHUNK_BYTES;
  /** Those that both sides have. */
  #agreed: readonly Capability[] = [];

  constructor({ address, credentials, ledger, dial }: LineOptions) {
    const { keyPem, certificateChainPem, caPem, identity } = credentials;
    this.#announcer = new Announcer(ledger);
    this.#client = dial({
      address,
      federation: identity.federation,
      caPem,
      own: { keyPem, certificateChainPem },
      onSent: this.#announcer.onSent,
    });
  }

  async hello(signal?: AbortSignal): Promise<Welcome> {
    const welcome = await this.#say({ kind: 'hello', capabilities: [...CAPABILITIES] }, () =>
      this.#client.hello(CAPABILITIES, signal),
    );
    this.#chunkBytes = Math.min(DEFAULT_CHUNK_BYTES, welcome.maxChunkBytes);
    this.#agreed = welcome.capabilities;
    return welcome;
  }

  /** Whether the coordinator knows it too; once it has answered. */
  agreesOn(capability: Capability): boolean {
    return this.#agreed.includes(capability);
  }

  /** The coordinator's certificate in DER, known once it has answered. */
  get coordinatorCertificate(): Uint8Array | undefined {
    return this.#client.coordinator?.der;
  }

  /** Long poll; undefined where there is nothing to do now. */
  nextTask(state: SiteState, signal: AbortSignal): Promise<Task | undefined> {
    return this.#say({ kind: 'next-task', state }, () => this.#client.nextTask(state, signal));
  }

  heartbeat(beat: Heartbeat, signal: AbortSignal): Promise<{ stillWanted: boolean }> {
    return this.#say({ kind: 'heartbeat', ...beat }, () => this.#client.heartbeat(beat, signal));
  }

  /** Fetches the bytes of a digest that a task names into `path`, verified and durable. */
  download(
    task: Task,
    digest: Sha256,
    path: string,
    options: { readonly maxBytes: number; readonly signal: AbortSignal },
  ): Promise<void> {
    const message = { kind: 'download', job: task.job, round: roundOf(task), digest } as const;
    return this.#say(message, () => downloadTo(this.#client, digest, path, options));
  }

  /** In a word that the coordinator knows, be it an older one. */
  reportGate({ outcome, ...about }: GateReport, signal: AbortSignal): Promise<void> {
    const report = { ...about, outcome: outcomeFor(this.#agreed, outcome) };
    return this.#say({ kind: 'gate', ...report }, () => this.#client.reportGate(report, signal));
  }

  /** In a word that the coordinator knows, be it an older one. */
  decline({ reason, ...about }: Decline, signal: AbortSignal): Promise<void> {
    const decline = { ...about, reason: outcomeFor(this.#agreed, reason) };
    return this.#say({ kind: 'decline', ...decline }, () => this.#client.decline(decline, signal));
  }

  /** Presents the statement, sends what is missing of its delta, and returns the verified receipt. */
  async deliver({ answer, envelope, delta }: OutboxEntry, signal: AbortSignal): Promise<Envelope> {
    const about = aboutOf(answer);
    const { statement } = answer;
    const { offset } = await this.#say({ kind: 'statement', ...about, envelope }, () =>
      this.#client.beginUpload(envelope, signal),
    );
    if (delta !== null) {
      const options = { chunkBytes: this.#chunkBytes, signal };
      await this.#say({ kind: 'delta', ...about, digest: delta.sha256 }, () =>
        uploadFrom(this.#client, { statement, offset }, delta.path, options),
      );
    }
    const receipt = await this.#say({ kind: 'end-of-upload', ...about }, () =>
      this.#client.submit(statement, signal),
    );
    return this.#verified(receipt, envelope);
  }

  /** The verified receipt of an answer that was accepted earlier. */
  async collectReceipt({ answer, envelope }: OutboxEntry, signal: AbortSignal): Promise<Envelope> {
    const receipt = await this.#say({ kind: 'receipt-request', ...aboutOf(answer) }, () =>
      this.#client.getReceipt(answer.statement, signal),
    );
    return this.#verified(receipt, envelope);
  }

  /** A new certificate chain (DER, own first) for the key that made the request. */
  renew(request: Uint8Array, signal: AbortSignal): Promise<readonly Uint8Array[]> {
    return this.#say({ kind: 'renewal', request }, () =>
      this.#client.renewCertificate(request, signal),
    );
  }

  close(): void {
    this.#client.close();
  }

  #say<Result>(message: Outgoing, call: () => Promise<Result>): Promise<Result> {
    return this.#announcer.say(message, call);
  }

  #verified(receipt: Envelope, update: Envelope): Envelope {
    verifyReceipt(receipt, this.#client.coordinatorKey, update.payload);
    return receipt;
  }
}

function aboutOf({ statement, job, round }: Answer) {
  return { statement, job, round };
}
