import type { Sha256 } from '@fedvox/base';
import { type CertificateInfo, readCertificate } from '@fedvox/pki';
import type { Deadlines } from './call-deadlines.js';
import type { DoorRules } from './doorkeeper.js';
import type { Envelope } from './dsse.js';
import {
  type FederationServiceServer,
  FederationServiceService,
  type UploadRequest,
} from './generated/fedvox/v1/federation.js';
import { type MemberServer, startGrpcServer } from './grpc-server.js';
import { type KeepaliveOptions, MAX_CHUNK_BYTES, SITE_CALLS, SITES_DOOR } from './limits.js';
import type {
  AgentState,
  Decline,
  DownloadPart,
  GateReport,
  Heartbeat,
  Task,
  UploadPosition,
  Welcome,
} from './messages.js';
import { refuse } from './refusals.js';
import {
  type AnyServerCall,
  type CallContext,
  CallServer,
  type ServerEvent,
} from './server-calls.js';
import type { ListenSpec } from './tls-listener.js';
import type { Offer } from './version.js';
import * as mapping from './wire-mapping.js';

/** A call of an authenticated site; `caller` is what its certificate says. */
export type SiteCall = CallContext<CertificateInfo>;

/**
 * The coordinator's side of the wire, in the domain's words. A handler refuses by throwing
 * `refuse(code, …)`; anything else it throws reaches the site as "internal error" and `onEvent` whole.
 */
export interface FederationHandlers {
  hello(offer: Offer, call: SiteCall): Promise<Welcome>;
  /** Long poll: undefined after at most `LONG_POLL_MS`; `call.signal` aborts when the site hangs up. */
  nextTask(state: AgentState, call: SiteCall): Promise<Task | undefined>;
  heartbeat(beat: Heartbeat, call: SiteCall): Promise<{ stillWanted: boolean }>;
  /** At least one part, even at the end of the bytes. See `downloadParts`. */
  download(
    request: { readonly sha256: Sha256; readonly offset: number },
    call: SiteCall,
  ): AsyncIterable<DownloadPart>;
  reportGate(report: GateReport, call: SiteCall): Promise<void>;
  decline(decline: Decline, call: SiteCall): Promise<void>;
  beginUpload(statement: Envelope, call: SiteCall): Promise<UploadPosition>;
  /** Chunks are consecutive from the position on; the iterator throws when the connection breaks. */
  upload(
    position: UploadPosition,
    chunks: AsyncIterable<Uint8Array>,
    call: SiteCall,
  ): Promise<{ offset: number }>;
  submit(statement: Sha256, call: SiteCall): Promise<Envelope>;
  getReceipt(statement: Sha256, call: SiteCall): Promise<Envelope>;
  /** Takes a PKCS #10 request in DER; gives the chain in DER, the site's own certificate first. */
  renewCertificate(requestDer: Uint8Array, call: SiteCall): Promise<readonly Uint8Array[]>;
}

export interface FederationServerOptions extends ListenSpec {
  readonly federation: string;
  /** Asked on every call, before its handler: throws `refuse('revoked', …)` and the like. */
  readonly authorize: (site: CertificateInfo, connection: string) => void;
  readonly onEvent: (event: ServerEvent) => void;
  readonly keepalive?: KeepaliveOptions;
  readonly deadlinesMs?: Deadlines;
  readonly door?: Partial<DoorRules>;
}

/** Serves sites over mutual TLS. @throws FedvoxError `protocol/listen-failed` */
export function createFederationServer(
  handlers: FederationHandlers,
  options: FederationServerOptions,
): Promise<MemberServer> {
  const { federation, authorize, onEvent } = options;
  const calls = new CallServer<CertificateInfo>(
    (call) => {
      const site = authenticateSite(call, federation, Date.now());
      authorize(site, call.getPeer());
      return site;
    },
    (site) => site.identity.name,
    onEvent,
  );
  return startGrpcServer({
    ...options,
    requireClientCertificate: true,
    door: { ...SITES_DOOR, ...options.door },
    calls: SITE_CALLS,
    service: FederationServiceService,
    implementation: implement(handlers, calls),
  });
}

/** @throws FedvoxError `refused/unauthenticated`, `refused/wrong-role` */
function authenticateSite(call: AnyServerCall, federation: string, nowMs: number): CertificateInfo {
  const certificate = call.getAuthContext().sslPeerCertificate;
  if (certificate === undefined) throw refuse('unauthenticated');
  const caller = readCallerCertificate(certificate);
  const { role } = caller.identity;
  if (caller.identity.federation !== federation) throw refuse('unauthenticated');
  // TLS looked at it when the connection began; that may be weeks ago.
  if (caller.notAfterMs <= nowMs) throw refuse('unauthenticated');
  if (role !== 'site') throw refuse('wrong-role', { role, expected: 'site' });
  return caller;
}

function readCallerCertificate(certificate: { raw: Uint8Array }): CertificateInfo {
  try {
    return readCertificate(certificate);
  } catch {
    throw refuse('unauthenticated');
  }
}

function implement(
  handlers: FederationHandlers,
  calls: CallServer<CertificateInfo>,
): FederationServiceServer {
  return {
    hello: calls.unary('hello', async (request, call) =>
      mapping.welcomeToWire(await handlers.hello(mapping.offerFromWire(request), call)),
    ),
    nextTask: calls.unary('nextTask', async ({ state }, call) =>
      mapping.taskToWire(await handlers.nextTask(mapping.agentStateFromWire(state), call)),
    ),
    heartbeat: calls.unary('heartbeat', (request, call) =>
      handlers.heartbeat(mapping.heartbeatFromWire(request), call),
    ),
    download: calls.serverStream('download', async function* ({ sha256, offset }, call) {
      const request = { sha256: mapping.digestFromWire(sha256), offset };
      for await (const part of handlers.download(request, call)) {
        yield mapping.downloadPartToWire(part);
      }
    }),
    reportGate: calls.unary('reportGate', async (request, call) => {
      await handlers.reportGate(mapping.gateReportFromWire(request), call);
      return {};
    }),
    decline: calls.unary('decline', async (request, call) => {
      await handlers.decline(mapping.declineFromWire(request), call);
      return {};
    }),
    beginUpload: calls.unary('beginUpload', async ({ statement }, call) => {
      const envelope = mapping.envelopeFromWire(statement);
      return mapping.uploadPositionToWire(await handlers.beginUpload(envelope, call));
    }),
    upload: calls.clientStream('upload', async (requests: AsyncIterable<UploadRequest>, call) => {
      const { position, chunks } = await openUpload(requests);
      return handlers.upload(position, chunks, call);
    }),
    submit: calls.unary('submit', async ({ statementSha256 }, call) => {
      const statement = mapping.digestFromWire(statementSha256);
      return { receipt: mapping.envelopeToWire(await handlers.submit(statement, call)) };
    }),
    getReceipt: calls.unary('getReceipt', async ({ statementSha256 }, call) => {
      const statement = mapping.digestFromWire(statementSha256);
      return { receipt: mapping.envelopeToWire(await handlers.getReceipt(statement, call)) };
    }),
    renewCertificate: calls.unary('renewCertificate', async ({ certificateRequest }, call) => {
      const chain = await handlers.renewCertificate(certificateRequest, call);
      return { certificateChain: chain.map((der) => Buffer.from(der)) };
    }),
  };
}

/** Splits an upload into the position that its first message names and the chunks of all of them. */
async function openUpload(requests: AsyncIterable<UploadRequest>) {
  const iterator = requests[Symbol.asyncIterator]();
  const first = await iterator.next();
  if (first.done === true) throw new mapping.WireFormatError('an upload without a message');
  const { statementSha256, offset, chunk } = first.value;
  const position = { statement: mapping.digestFromWire(statementSha256), offset };
  return { position, chunks: chunksOf(chunk, iterator) };
}

async function* chunksOf(
  firstChunk: Uint8Array,
  rest: AsyncIterator<UploadRequest>,
): AsyncGenerator<Uint8Array> {
  try {
    if (firstChunk.byteLength > 0) yield withinLimit(firstChunk);
    for (let next = await rest.next(); next.done !== true; next = await rest.next()) {
      yield withinLimit(next.value.chunk);
    }
  } finally {
    await rest.return?.();
  }
}

function withinLimit(chunk: Uint8Array): Uint8Array {
  if (chunk.byteLength <= MAX_CHUNK_BYTES) return chunk;
  throw new mapping.WireFormatError(`a chunk of ${chunk.byteLength} bytes`);
}
