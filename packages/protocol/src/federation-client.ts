import type { KeyObject } from 'node:crypto';
import { assert, type Sha256 } from '@fedvox/base';
import type { CertificateInfo } from '@fedvox/pki';
import { makeGenericClientConstructor } from '@grpc/grpc-js';
import { Caller } from './caller.js';
import { type OwnCredentials, type SecureChannel, secureChannel } from './channel.js';
import type { Envelope } from './dsse.js';
import { type EgressObserver, observeEgress } from './egress.js';
import {
  type FederationServiceClient,
  FederationServiceService,
  type UploadRequest,
  type UploadResponse,
} from './generated/fedvox/v1/federation.js';
import type { KeepaliveOptions } from './limits.js';
import type {
  AgentState,
  Capability,
  Decline,
  DownloadPart,
  GateReport,
  Heartbeat,
  Task,
  UploadPosition,
  Welcome,
} from './messages.js';
import { PROTOCOL_VERSION } from './version.js';
import * as mapping from './wire-mapping.js';

export interface FederationClientOptions {
  /** `host:port`, the host being one that the coordinator's certificate names. */
  readonly address: string;
  readonly federation: string;
  /** The consortium's root. */
  readonly caPem: string;
  readonly own: OwnCredentials;
  /** Told of every message before it leaves; required, so that no caller forgets the ledger. */
  readonly onSent: EgressObserver;
  readonly keepalive?: KeepaliveOptions;
}

/**
 * A site's side of the wire: one method for each thing a site can say, over mutual TLS that it dials.
 * Every call has a deadline and can be aborted. What goes wrong is a FedvoxError: `refused/…` where
 * the coordinator judged the call, `protocol/…` where it never came to that (see
 * `isTransientGrpcError`); an aborted call throws its signal's reason.
 */
export class FederationClient {
  readonly #channel: SecureChannel;
  readonly #caller: Caller;
  readonly #stub: FederationServiceClient;

  constructor({ onSent, ...spec }: FederationClientOptions) {
    this.#channel = secureChannel(spec);
    this.#caller = new Caller(this.#channel);
    const definition = observeEgress(FederationServiceService, onSent);
    const Stub = makeGenericClientConstructor(definition, 'fedvox.v1.FederationService');
    const { credentials, options } = this.#channel;
    this.#stub = new Stub(spec.address, credentials, options) as unknown as FederationServiceClient;
  }

  /** The coordinator's certificate, known once a call has connected. */
  get coordinator(): CertificateInfo | undefined {
    return this.#channel.coordinator();
  }

  /** The key that receipts are verified with; only after a call has been answered. */
  get coordinatorKey(): KeyObject {
    const certificate = this.coordinator;
    assert(certificate !== undefined, 'a call was answered before the coordinator’s key is used');
    return certificate.publicKey;
  }

  hello(capabilities: readonly Capability[], signal?: AbortSignal): Promise<Welcome> {
    const request = mapping.offerToWire({ protocolVersion: PROTOCOL_VERSION, capabilities });
    return this.#caller.unary(
      'hello',
      this.#stub.hello.bind(this.#stub),
      request,
      mapping.welcomeFromWire,
      signal,
    );
  }

  /** Long poll; undefined when there is nothing to do, to be asked again at once. */
  nextTask(state: AgentState, signal?: AbortSignal): Promise<Task | undefined> {
    return this.#caller.unary(
      'nextTask',
      this.#stub.nextTask.bind(this.#stub),
      { state: mapping.agentStateToWire(state) },
      mapping.taskFromWire,
      signal,
    );
  }

  heartbeat(beat: Heartbeat, signal?: AbortSignal): Promise<{ stillWanted: boolean }> {
    return this.#caller.unary(
      'heartbeat',
      this.#stub.heartbeat.bind(this.#stub),
      mapping.heartbeatToWire(beat),
      ({ stillWanted }) => ({ stillWanted }),
      signal,
    );
  }

  /** The bytes of one digest from an offset on. See `downloadTo`, which resumes and verifies. */
  download(sha256: Sha256, offset: number, signal?: AbortSignal): AsyncGenerator<DownloadPart> {
    const request = { sha256: mapping.digestToWire(sha256), offset };
    return this.#caller.download(
      'download',
      (metadata, options) => this.#stub.download(request, metadata, options),
      ({ totalBytes, chunk }) => ({ totalBytes, chunk }),
      signal,
    );
  }

  reportGate(report: GateReport, signal?: AbortSignal): Promise<void> {
    return this.#caller.unary(
      'reportGate',
      this.#stub.reportGate.bind(this.#stub),
      mapping.gateReportToWire(report),
      () => undefined,
      signal,
    );
  }

  /** Only to a coordinator that named the capability `decline`. */
  decline(decline: Decline, signal?: AbortSignal): Promise<void> {
    return this.#caller.unary(
      'decline',
      this.#stub.decline.bind(this.#stub),
      mapping.declineToWire(decline),
      () => undefined,
      signal,
    );
  }

  /** Presents a signed statement; the answer says from which byte on its delta is missing. */
  beginUpload(statement: Envelope, signal?: AbortSignal): Promise<UploadPosition> {
    return this.#caller.unary(
      'beginUpload',
      this.#stub.beginUpload.bind(this.#stub),
      { statement: mapping.envelopeToWire(statement) },
      mapping.uploadPositionFromWire,
      signal,
    );
  }

  /** Sends chunks that begin at the position. See `uploadFrom`, which reads them from a file. */
  upload(
    position: UploadPosition,
    chunks: AsyncIterable<Uint8Array>,
    signal?: AbortSignal,
  ): Promise<{ offset: number }> {
    return this.#caller.upload(
      'upload',
      (metadata, options, callback) => this.#stub.upload(metadata, options, callback),
      uploadRequests(position, chunks),
      ({ offset }: UploadResponse) => ({ offset }),
      signal,
    );
  }

  /** Asks for the receipt, once every byte is there. */
  submit(statement: Sha256, signal?: AbortSignal): Promise<Envelope> {
    return this.#caller.unary(
      'submit',
      this.#stub.submit.bind(this.#stub),
      { statementSha256: mapping.digestToWire(statement) },
      ({ receipt }) => mapping.envelopeFromWire(receipt),
      signal,
    );
  }

  /** The receipt of a statement that was accepted earlier. */
  getReceipt(statement: Sha256, signal?: AbortSignal): Promise<Envelope> {
    return this.#caller.unary(
      'getReceipt',
      this.#stub.getReceipt.bind(this.#stub),
      { statementSha256: mapping.digestToWire(statement) },
      ({ receipt }) => mapping.envelopeFromWire(receipt),
      signal,
    );
  }

  /** A new certificate chain (DER, own first) for the key of this PKCS #10 request. */
  renewCertificate(requestDer: Uint8Array, signal?: AbortSignal): Promise<readonly Uint8Array[]> {
    return this.#caller.unary(
      'renewCertificate',
      this.#stub.renewCertificate.bind(this.#stub),
      { certificateRequest: Buffer.from(requestDer) },
      ({ certificateChain }) => certificateChain,
      signal,
    );
  }

  /** Ends the connection; calls under way fail. */
  close(): void {
    this.#stub.close();
  }
}

/** The first message names the upload and its offset, the others only carry on. */
async function* uploadRequests(
  { statement, offset }: UploadPosition,
  chunks: AsyncIterable<Uint8Array>,
): AsyncGenerator<UploadRequest> {
  yield { statementSha256: mapping.digestToWire(statement), offset, chunk: Buffer.alloc(0) };
  for await (const chunk of chunks) {
    yield { statementSha256: Buffer.alloc(0), offset: 0, chunk: Buffer.from(chunk) };
  }
}
