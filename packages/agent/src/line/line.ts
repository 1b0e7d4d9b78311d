import type { Sha256 } from '@fedvox/base';
import type { Credentials } from '@fedvox/pki';
import {
  type AgentState,
  CAPABILITIES,
  type Capability,
  DEFAULT_CHUNK_BYTES,
  downloadTo,
  type Envelope,
  FederationClient,
  type Heartbeat,
  type Task,
  uploadFrom,
  verifyReceipt,
  type Welcome,
} from '@fedvox/protocol';
import type { Answer } from '../core/answer.js';
import type { GateOutcome } from '../core/task.js';
import { roundOf } from '../core/task.js';
import type { EgressLedger } from '../ledger/egress-ledger.js';
import type { OutboxEntry } from '../state/outbox.js';
import { Announcer } from './announcer.js';
import type { Outgoing } from './outgoing.js';

/** What this version of the agent can do. */
const OWN_CAPABILITIES: readonly Capability[] = CAPABILITIES;

export interface LineOptions {
  /** `host:port` of the coordinator. */
  readonly address: string;
  readonly credentials: Credentials;
  readonly ledger: EgressLedger;
}

/**
 * The site's line to its coordinator: dialled out, mutually authenticated, and the only way out. Each
 * method says one thing of the closed list. Failures are the protocol's: `refused/…` or `protocol/…`.
 */
export class Line {
  readonly #client: FederationClient;
  readonly #announcer: Announcer;
  #chunkBytes = DEFAULT_CHUNK_BYTES;

  constructor({ address, credentials, ledger }: LineOptions) {
    this.#announcer = new Announcer(ledger);
    const { keyPem, certificateChainPem, caPem, identity } = credentials;
    this.#client = new FederationClient({
      address,
      federation: identity.federation,
      caPem,
      own: { keyPem, certificateChainPem },
      onSent: this.#announcer.onSent,
    });
  }

  async hello(signal?: AbortSignal): Promise<Welcome> {
    this.#announce({ kind: 'hello', capabilities: [...OWN_CAPABILITIES] });
    const welcome = await this.#client.hello(OWN_CAPABILITIES, signal);
    this.#chunkBytes = Math.min(DEFAULT_CHUNK_BYTES, welcome.maxChunkBytes);
    return welcome;
  }

  nextTask(state: AgentState, signal: AbortSignal): Promise<Task | undefined> {
    this.#announce({ kind: 'next-task', state });
    return this.#client.nextTask(state, signal);
  }

  async heartbeat({ job, round, state }: Heartbeat, signal: AbortSignal): Promise<boolean> {
    this.#announce({ kind: 'heartbeat', job, round, state });
    return (await this.#client.heartbeat({ job, round, state }, signal)).stillWanted;
  }

  /** Fetches the bytes of a digest that a task names into `path`, verified and durable. */
  download(
    task: Task,
    digest: Sha256,
    path: string,
    options: { readonly maxBytes: number; readonly signal: AbortSignal },
  ): Promise<void> {
    this.#announce({ kind: 'download', job: task.job, round: roundOf(task), digest });
    return downloadTo(this.#client, digest, path, options);
  }

  reportGate(job: string, outcome: GateOutcome, signal: AbortSignal): Promise<void> {
    this.#announce({ kind: 'gate', job, outcome });
    return this.#client.reportGate(job, outcome, signal);
  }

  /** Presents the statement, sends what is missing of its delta, and returns the verified receipt. */
  async deliver(entry: OutboxEntry, signal: AbortSignal): Promise<Envelope> {
    const { answer, envelope, delta } = entry;
    const about = aboutOf(answer);
    this.#announce({ kind: 'statement', ...about, envelope });
    const position = await this.#client.beginUpload(envelope, signal);
    if (delta !== null) {
      this.#announce({ kind: 'delta', ...about, digest: delta.sha256 });
      const options = { chunkBytes: this.#chunkBytes, signal };
      await uploadFrom(
        this.#client,
        { statement: answer.statement, offset: position.offset },
        delta.path,
        options,
      );
    }
    this.#announce({ kind: 'submission', ...about });
    return this.#verified(await this.#client.submit(answer.statement, signal), envelope);
  }

  /** The verified receipt of an answer that was accepted earlier. */
  async collectReceipt({ answer, envelope }: OutboxEntry, signal: AbortSignal): Promise<Envelope> {
    this.#announce({ kind: 'receipt-request', ...aboutOf(answer) });
    return this.#verified(await this.#client.getReceipt(answer.statement, signal), envelope);
  }

  /** A new certificate chain (DER, own first) for the key that made the request. */
  renew(request: Uint8Array, signal: AbortSignal): Promise<readonly Uint8Array[]> {
    this.#announce({ kind: 'renewal', request });
    return this.#client.renewCertificate(request, signal);
  }

  close(): void {
    this.#client.close();
  }

  #announce(message: Outgoing): void {
    this.#announcer.announce(message);
  }

  #verified(receipt: Envelope, update: Envelope): Envelope {
    verifyReceipt(receipt, this.#client.coordinatorKey, update.payload);
    return receipt;
  }
}

function aboutOf({ statement, job, round }: Answer) {
  return { statement, job, round };
}
