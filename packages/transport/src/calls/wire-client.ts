import type { KeyObject } from 'node:crypto';
import { assert, type Sha256 } from '@fedvox/base';
import type { CertificateInfo } from '@fedvox/pki';
import {
  bufferOf,
  type Capability,
  type Decline,
  type DownloadPart,
  type Envelope,
  FEDERATION,
  type GateReport,
  type Heartbeat,
  type Method,
  wireMapping as mapping,
  PROTOCOL_VERSION,
  type SiteState,
  type Task,
  type UploadPosition,
  type UploadRequest,
  type Welcome,
  WireFormatError,
} from '@fedvox/protocol';
import { fail } from '../errors.js';
import type { FederationClient } from './federation-client.js';
import type { Transport } from './transport.js';

/** Says in messages of the wire what its caller says in the domain's words, over any transport. */
export class WireClient implements FederationClient {
  readonly #transport: Transport;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  get coordinator(): CertificateInfo | undefined {
    return this.#transport.coordinator;
  }

  get coordinatorKey(): KeyObject {
    const certificate = this.coordinator;
    assert(certificate !== undefined, 'a call was answered before the coordinator’s key is used');
    return certificate.publicKey;
  }

  hello(
    capabilities: readonly Capability[],
    signal?: AbortSignal,
    protocolVersion = PROTOCOL_VERSION,
  ): Promise<Welcome> {
    const offer = mapping.offerToWire({ protocolVersion, capabilities });
    return this.#ask(FEDERATION.hello, offer, mapping.welcomeFromWire, signal);
  }

  nextTask(state: SiteState, signal?: AbortSignal): Promise<Task | undefined> {
    const request = { state: mapping.siteStateToWire(state) };
    return this.#ask(FEDERATION.nextTask, request, mapping.taskFromWire, signal);
  }

  heartbeat(beat: Heartbeat, signal?: AbortSignal): Promise<{ stillWanted: boolean }> {
    const read = ({ stillWanted }: { stillWanted: boolean }) => ({ stillWanted });
    return this.#ask(FEDERATION.heartbeat, mapping.heartbeatToWire(beat), read, signal);
  }

  download(sha256: Sha256, offset: number, signal?: AbortSignal): AsyncGenerator<DownloadPart> {
    const request = { sha256: mapping.digestToWire(sha256), offset };
    return this.#transport.serverStream(FEDERATION.download, request, signal);
  }

  async reportGate(report: GateReport, signal?: AbortSignal): Promise<void> {
    await this.#transport.unary(FEDERATION.reportGate, mapping.gateReportToWire(report), signal);
  }

  async decline(decline: Decline, signal?: AbortSignal): Promise<void> {
    await this.#transport.unary(FEDERATION.decline, mapping.declineToWire(decline), signal);
  }

  beginUpload(statement: Envelope, signal?: AbortSignal): Promise<UploadPosition> {
    const request = { statement: mapping.envelopeToWire(statement) };
    return this.#ask(FEDERATION.beginUpload, request, mapping.uploadPositionFromWire, signal);
  }

  upload(
    position: UploadPosition,
    chunks: AsyncIterable<Uint8Array>,
    signal?: AbortSignal,
  ): Promise<{ offset: number }> {
    const requests = uploadRequests(position, chunks);
    return this.#transport.clientStream(FEDERATION.upload, requests, signal);
  }

  submit(statement: Sha256, signal?: AbortSignal): Promise<Envelope> {
    const request = { statementSha256: mapping.digestToWire(statement) };
    return this.#ask(FEDERATION.submit, request, readReceipt, signal);
  }

  getReceipt(statement: Sha256, signal?: AbortSignal): Promise<Envelope> {
    const request = { statementSha256: mapping.digestToWire(statement) };
    return this.#ask(FEDERATION.getReceipt, request, readReceipt, signal);
  }

  renewCertificate(requestDer: Uint8Array, signal?: AbortSignal): Promise<readonly Uint8Array[]> {
    const request = { certificateRequest: Buffer.from(requestDer) };
    const read = ({ certificateChain }: { certificateChain: Uint8Array[] }) => certificateChain;
    return this.#ask(FEDERATION.renewCertificate, request, read, signal);
  }

  close(): void {
    this.#transport.close();
  }

  /** @throws FedvoxError `protocol/answer-invalid` where the answer says nothing that is known */
  async #ask<Request, Response, Result>(
    method: Method<Request, Response>,
    request: Request,
    read: (response: Response) => Result,
    signal: AbortSignal | undefined,
  ): Promise<Result> {
    const response = await this.#transport.unary(method, request, signal);
    try {
      return read(response);
    } catch (cause) {
      if (!(cause instanceof WireFormatError)) throw cause;
      throw fail('answer-invalid', { method: method.name, reason: cause.message }, { cause });
    }
  }
}

const readReceipt = ({ receipt }: { receipt?: Parameters<typeof mapping.envelopeFromWire>[0] }) =>
  mapping.envelopeFromWire(receipt);

/** The first message names the upload and its offset, the others only carry on. */
async function* uploadRequests(
  { statement, offset }: UploadPosition,
  chunks: AsyncIterable<Uint8Array>,
): AsyncGenerator<UploadRequest> {
  yield { statementSha256: mapping.digestToWire(statement), offset, chunk: Buffer.alloc(0) };
  for await (const chunk of chunks) {
    yield { statementSha256: Buffer.alloc(0), offset: 0, chunk: bufferOf(chunk) };
  }
}
