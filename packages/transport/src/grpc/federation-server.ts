import { type CertificateInfo, readCertificate } from '@fedvox/pki';
import {
  FEDERATION,
  MAX_CHUNK_BYTES,
  wireMapping as mapping,
  refuse,
  type UploadRequest,
  WireFormatError,
} from '@fedvox/protocol';
import type { UntypedHandleCall } from '@grpc/grpc-js';
import type { ServerEvent } from '../calls/call-context.js';
import type { FederationHandlers } from '../calls/federation-handlers.js';
import { type KeepaliveOptions, SITE_CALLS, SITES_DOOR } from '../limits.js';
import type { DoorRules } from '../tls/doorkeeper.js';
import type { ListenSpec } from '../tls/tls-listener.js';
import type { Deadlines } from './call-deadlines.js';
import { type MemberServer, startGrpcServer } from './grpc-server.js';
import { type AnyServerCall, CallServer } from './server-calls.js';

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
    methods: FEDERATION,
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
): Readonly<Record<keyof typeof FEDERATION, UntypedHandleCall>> {
  return {
    hello: calls.unary(FEDERATION.hello, async (request, call) =>
      mapping.welcomeToWire(await handlers.hello(mapping.offerFromWire(request), call)),
    ),
    nextTask: calls.unary(FEDERATION.nextTask, async ({ state }, call) =>
      mapping.taskToWire(await handlers.nextTask(mapping.agentStateFromWire(state), call)),
    ),
    heartbeat: calls.unary(FEDERATION.heartbeat, (request, call) =>
      handlers.heartbeat(mapping.heartbeatFromWire(request), call),
    ),
    download: calls.serverStream(FEDERATION.download, async function* ({ sha256, offset }, call) {
      const request = { sha256: mapping.digestFromWire(sha256), offset };
      for await (const part of handlers.download(request, call)) {
        yield mapping.downloadPartToWire(part);
      }
    }),
    reportGate: calls.unary(FEDERATION.reportGate, async (request, call) => {
      await handlers.reportGate(mapping.gateReportFromWire(request), call);
      return {};
    }),
    decline: calls.unary(FEDERATION.decline, async (request, call) => {
      await handlers.decline(mapping.declineFromWire(request), call);
      return {};
    }),
    beginUpload: calls.unary(FEDERATION.beginUpload, async ({ statement }, call) => {
      const envelope = mapping.envelopeFromWire(statement);
      return mapping.uploadPositionToWire(await handlers.beginUpload(envelope, call));
    }),
    upload: calls.clientStream(FEDERATION.upload, async (requests, call) => {
      const { position, chunks } = await openUpload(requests);
      return handlers.upload(position, chunks, call);
    }),
    submit: calls.unary(FEDERATION.submit, async ({ statementSha256 }, call) => {
      const statement = mapping.digestFromWire(statementSha256);
      return { receipt: mapping.envelopeToWire(await handlers.submit(statement, call)) };
    }),
    getReceipt: calls.unary(FEDERATION.getReceipt, async ({ statementSha256 }, call) => {
      const statement = mapping.digestFromWire(statementSha256);
      return { receipt: mapping.envelopeToWire(await handlers.getReceipt(statement, call)) };
    }),
    renewCertificate: calls.unary(
      FEDERATION.renewCertificate,
      async ({ certificateRequest }, call) => {
        const chain = await handlers.renewCertificate(certificateRequest, call);
        return { certificateChain: chain.map((der) => Buffer.from(der)) };
      },
    ),
  };
}

/** Splits an upload into the position that its first message names and the chunks of all of them. */
async function openUpload(requests: AsyncIterable<UploadRequest>) {
  const iterator = requests[Symbol.asyncIterator]();
  const first = await iterator.next();
  if (first.done === true) throw new WireFormatError('an upload without a message');
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
  throw new WireFormatError(`a chunk of ${chunk.byteLength} bytes`);
}
