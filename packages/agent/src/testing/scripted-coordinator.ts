import { createHash, createPrivateKey } from 'node:crypto';
import { type Sha256, sha256 } from '@fedvox/base';
import { systemClock } from '@fedvox/base/system';
import { issueCertificate, readCertificate, toX509 } from '@fedvox/pki';
import {
  type AnyUpdateStatement,
  type Capability,
  type Decline,
  type Envelope,
  type GateReport,
  type Heartbeat,
  type MethodName,
  refuse,
  signReceipt,
  type Task,
  verifyUpdate,
} from '@fedvox/protocol';
import {
  createEnrollmentServer,
  createFederationServer,
  type FederationHandlers,
  type RunningServer,
} from '@fedvox/transport';
import type { TestConsortium } from './consortium.js';

export interface AcceptedUpdate {
  readonly statement: AnyUpdateStatement;
  readonly envelope: Envelope;
  readonly delta: Uint8Array | null;
}

const SITE_VALID_DAYS = 30;
const IDLE_POLL_MS = 50;
const TOKEN = 'fedvox-invite-of-the-test';

/**
 * The other end of the line, for tests: real gRPC over real mutual TLS, with a script for a mind. It
 * hands out its tasks in order, each until it is answered, and fails on demand.
 */
export class ScriptedCoordinator {
  readonly #consortium: TestConsortium;
  readonly #blobs = new Map<Sha256, Uint8Array>();
  readonly #uploads = new Map<Sha256, { envelope: Envelope; received: Buffer }>();
  readonly #receipts = new Map<Sha256, Envelope>();
  readonly #faults = new Map<MethodName, (() => Error)[]>();
  readonly #broken = new Set<MethodName>();
  #federation: RunningServer | undefined;
  #enrollment: RunningServer | undefined;
  #port = 0;

  /** Handed out from the front; empty means idle. */
  readonly tasks: Task[] = [];
  readonly calls: MethodName[] = [];
  readonly beats: Heartbeat[] = [];
  readonly gates: GateReport[] = [];
  readonly declined: Decline[] = [];
  /** What an older coordinator does not know. */
  lacks: readonly Capability[] = [];
  /** Certificate requests as they came. */
  readonly requests: Uint8Array[] = [];
  readonly accepted: AcceptedUpdate[] = [];
  /** Every statement presented, as its bytes came. */
  readonly presented: Envelope[] = [];
  /** Bytes of deltas that arrived, sent again or not. */
  deltaBytes = 0;
  stillWanted = true;
  /** Told of every call as it arrives, before anything comes of it. */
  onCall: (method: MethodName) => void = () => undefined;
  heartbeatIntervalMs = 50;
  /** Receipts that are made but never arrive. */
  receiptsToLose = 0;
  siteValidDays = SITE_VALID_DAYS;
  /** What it says that its clock shows; a coordinator of an older version says nothing. */
  clockMs: (() => number) | undefined;

  constructor(consortium: TestConsortium) {
    this.#consortium = consortium;
  }

  /** Listens; again on the same port after `stop`. */
  async start(): Promise<void> {
    const { federation, authority, coordinator } = this.#consortium;
    const listen = {
      host: '127.0.0.1',
      caPem: authority.certificatePem,
      ...coordinator,
      federation,
      clock: systemClock,
      onEvent: () => undefined,
    };
    this.#federation = await createFederationServer(this.#handlers(), {
      ...listen,
      port: this.#port,
      authorize: () => undefined,
    });
    this.#port = this.#federation.port;
    const enroll = async ({
      token,
      certificateRequest,
    }: {
      token: string;
      certificateRequest: Uint8Array;
    }) => {
      this.#enter('enroll');
      if (token !== TOKEN) throw refuse('token-invalid');
      return this.#issue('north', certificateRequest);
    };
    this.#enrollment = await createEnrollmentServer({ enroll }, { ...listen, port: 0 });
  }

  async stop(): Promise<void> {
    await this.#federation?.stop(0);
    await this.#enrollment?.stop(0);
  }

  get address(): string {
    return `localhost:${this.#port}`;
  }

  get invitation() {
    const { federation, authority } = this.#consortium;
    return {
      kind: 'fedvox/invitation/v1' as const,
      federation,
      site: 'north',
      enrollmentAddress: `localhost:${this.#enrollment?.port}`,
      federationAddress: this.address,
      caCertificatePem: authority.certificatePem,
      token: TOKEN,
      expiresAt: '2999-01-01T00:00:00Z',
    };
  }

  put(bytes: Uint8Array): Sha256 {
    const digest = sha256(bytes);
    this.#blobs.set(digest, bytes);
    return digest;
  }

  /** Gives other bytes than the digest names. */
  falsify(digest: Sha256, bytes: Uint8Array): void {
    this.#blobs.set(digest, bytes);
  }

  /** Fails the next call of a method: with a refusal, or with an error that only breaks the call. */
  failNext(method: MethodName, error: Error = new Error('it broke')): void {
    const waiting = this.#faults.get(method) ?? [];
    this.#faults.set(method, [...waiting, () => error]);
  }

  /** Breaks every call of a method until `heal`. */
  breakAll(method: MethodName): void {
    this.#broken.add(method);
  }

  heal(): void {
    this.#broken.clear();
  }

  #enter(method: MethodName): void {
    this.calls.push(method);
    this.onCall(method);
    if (this.#broken.has(method)) throw new Error('it broke');
    const fault = this.#faults.get(method)?.shift();
    if (fault !== undefined) throw fault();
  }

  #handlers(): FederationHandlers {
    return {
      hello: async ({ protocolVersion, capabilities }) => {
        this.#enter('hello');
        return {
          protocolVersion,
          capabilities: capabilities.filter((name) => !this.lacks.includes(name)),
          federation: this.#consortium.federation,
          heartbeatIntervalMs: this.heartbeatIntervalMs,
          maxChunkBytes: 64 * 1024,
          ...(this.clockMs && { clockMs: this.clockMs() }),
        };
      },
      nextTask: async (_, { signal }) => {
        this.#enter('nextTask');
        if (this.tasks.length === 0) await systemClock.sleep(IDLE_POLL_MS, signal);
        return this.tasks[0];
      },
      heartbeat: async (beat) => {
        this.#enter('heartbeat');
        this.beats.push(beat);
        return { stillWanted: this.stillWanted };
      },
      download: (request) => this.#download(request.sha256, request.offset),
      reportGate: async (report) => {
        this.#enter('reportGate');
        this.gates.push(report);
        this.tasks.shift();
      },
      decline: async (decline) => {
        this.#enter('decline');
        this.declined.push(decline);
        this.tasks.shift();
      },
      beginUpload: async (envelope, { caller }) => {
        this.#enter('beginUpload');
        this.presented.push(envelope);
        const { digest } = verifyUpdate(envelope, caller);
        if (this.#receipts.has(digest)) throw refuse('replayed-statement');
        const upload = this.#uploads.get(digest) ?? { envelope, received: Buffer.alloc(0) };
        this.#uploads.set(digest, upload);
        return { statement: digest, offset: upload.received.length };
      },
      upload: async ({ statement, offset }, chunks) => {
        const upload = this.#uploadOf(statement);
        let { received } = upload;
        if (offset !== received.length) {
          throw refuse('upload-offset-wrong', { expected: received.length, offset });
        }
        for await (const chunk of chunks) {
          this.deltaBytes += chunk.length;
          received = Buffer.concat([received, chunk]);
          this.#uploads.set(statement, { ...upload, received });
          this.#enter('upload');
        }
        return { offset: received.length };
      },
      submit: async (statement, { caller }) => {
        this.#enter('submit');
        const { envelope, received } = this.#uploadOf(statement);
        return this.#accept(
          verifyUpdate(envelope, caller).statement,
          envelope,
          received,
          statement,
        );
      },
      getReceipt: async (statement) => {
        this.#enter('getReceipt');
        const receipt = this.#receipts.get(statement);
        if (receipt === undefined) throw refuse('receipt-unknown');
        return receipt;
      },
      renewCertificate: async (request, { caller }) => {
        this.#enter('renewCertificate');
        return this.#issue(caller.identity.name, request);
      },
    };
  }

  async *#download(digest: Sha256, offset: number) {
    this.#enter('download');
    const bytes = this.#blobs.get(digest);
    if (bytes === undefined) throw refuse('unknown-blob', { sha256: digest });
    yield { totalBytes: bytes.length, chunk: bytes.subarray(offset) };
  }

  #uploadOf(statement: Sha256) {
    const upload = this.#uploads.get(statement);
    if (upload === undefined) throw refuse('upload-unknown');
    return upload;
  }

  #accept(
    statement: AnyUpdateStatement,
    envelope: Envelope,
    received: Buffer,
    digest: Sha256,
  ): Envelope {
    const { delta } = statement;
    if (delta !== null && received.length < delta.byteLength) {
      throw refuse('delta-truncated', { received: received.length, expected: delta.byteLength });
    }
    if (delta !== null && createHash('sha256').update(received).digest('hex') !== delta.sha256) {
      throw refuse('delta-digest-mismatch');
    }
    const { job, round, site, federation } = statement;
    const { certificateChainPem, keyPem } = this.#consortium.coordinator;
    const receipt = signReceipt(
      {
        kind: 'fedvox/receipt/v1',
        federation,
        statement: digest,
        job,
        round,
        site,
        acceptedAtMs: 1,
      },
      createPrivateKey(keyPem),
      readCertificate(certificateChainPem).keyId,
    );
    this.#receipts.set(digest, receipt);
    this.accepted.push({ statement, envelope, delta: delta === null ? null : received });
    this.tasks.shift();
    if (this.receiptsToLose > 0) {
      this.receiptsToLose -= 1;
      throw new Error('the receipt was lost on the way');
    }
    return receipt;
  }

  async #issue(name: string, csrDer: Uint8Array): Promise<readonly Uint8Array[]> {
    const { authority, federation } = this.#consortium;
    this.requests.push(csrDer);
    const { certificatePem } = await issueCertificate({
      authority,
      csrDer,
      identity: { federation, role: 'site', name },
      validDays: this.siteValidDays,
      nowMs: Date.now(),
    });
    return [toX509(certificatePem).raw, toX509(authority.certificatePem).raw];
  }
}
