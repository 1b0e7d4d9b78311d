import type { Clock } from '@fedvox/base';
import type { CertificateInfo } from '@fedvox/pki';
import {
  FEDERATION,
  MAX_CHUNK_BYTES,
  wireMapping as mapping,
  type UploadRequest,
  WireFormatError,
} from '@fedvox/protocol';
import type { ServerEvent, SiteCall } from './call-context.js';
import { CallDesk } from './call-desk.js';
import type { FederationHandlers } from './federation-handlers.js';
import { clientStream, type Served, type Service, serverStream, unary } from './service.js';
import { SiteAuthentication } from './site-authentication.js';

export interface FederationServiceOptions {
  readonly federation: string;
  /** Asked on every call, before its handler: throws `refuse('revoked', …)` and the like. */
  readonly authorize: (site: CertificateInfo, connection: string) => void;
  readonly onEvent: (event: ServerEvent) => void;
  /** What certificates are valid by. */
  readonly clock: Clock;
}

/** What sites can call, and how those are told who may. */
export function federationService(
  handlers: FederationHandlers,
  { federation, authorize, onEvent, clock }: FederationServiceOptions,
): Service<CertificateInfo> {
  const authentication = new SiteAuthentication(federation);
  const desk = new CallDesk<CertificateInfo>({
    authenticate: (peer) => {
      const site = authentication.authenticate(peer, clock.nowMs());
      authorize(site, peer.connection);
      return site;
    },
    nameOf: (site) => site.identity.name,
    onEvent,
  });
  return { methods: served(handlers), desk };
}

function served(
  handlers: FederationHandlers,
): Readonly<Record<keyof typeof FEDERATION, Served<CertificateInfo>>> {
  return {
    hello: unary(FEDERATION.hello, async (request, call: SiteCall) =>
      mapping.welcomeToWire(await handlers.hello(mapping.offerFromWire(request), call)),
    ),
    nextTask: unary(FEDERATION.nextTask, async ({ state }, call: SiteCall) =>
      mapping.taskToWire(await handlers.nextTask(mapping.siteStateFromWire(state), call)),
    ),
    heartbeat: unary(FEDERATION.heartbeat, (request, call: SiteCall) =>
      handlers.heartbeat(mapping.heartbeatFromWire(request), call),
    ),
    download: serverStream(
      FEDERATION.download,
      async function* ({ sha256, offset }, call: SiteCall) {
        const request = { sha256: mapping.digestFromWire(sha256), offset };
        for await (const part of handlers.download(request, call)) {
          yield mapping.downloadPartToWire(part);
        }
      },
    ),
    reportGate: unary(FEDERATION.reportGate, async (request, call: SiteCall) => {
      await handlers.reportGate(mapping.gateReportFromWire(request), call);
      return {};
    }),
    decline: unary(FEDERATION.decline, async (request, call: SiteCall) => {
      await handlers.decline(mapping.declineFromWire(request), call);
      return {};
    }),
    beginUpload: unary(FEDERATION.beginUpload, async ({ statement }, call: SiteCall) => {
      const envelope = mapping.envelopeFromWire(statement);
      return mapping.uploadPositionToWire(await handlers.beginUpload(envelope, call));
    }),
    upload: clientStream(FEDERATION.upload, async (requests, call: SiteCall) => {
      const { position, chunks } = await openUpload(requests);
      return handlers.upload(position, chunks, call);
    }),
    submit: unary(FEDERATION.submit, async ({ statementSha256 }, call: SiteCall) => {
      const statement = mapping.digestFromWire(statementSha256);
      return { receipt: mapping.envelopeToWire(await handlers.submit(statement, call)) };
    }),
    getReceipt: unary(FEDERATION.getReceipt, async ({ statementSha256 }, call: SiteCall) => {
      const statement = mapping.digestFromWire(statementSha256);
      return { receipt: mapping.envelopeToWire(await handlers.getReceipt(statement, call)) };
    }),
    renewCertificate: unary(
      FEDERATION.renewCertificate,
      async ({ certificateRequest }, call: SiteCall) => {
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
