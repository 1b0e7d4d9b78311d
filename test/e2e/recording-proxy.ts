import { once } from 'node:events';
import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  connect,
  createSecureServer,
  type Http2SecureServer,
  type IncomingHttpHeaders,
  type ServerHttp2Stream,
} from 'node:http2';
import type { AddressInfo } from 'node:net';

export interface PemPair {
  readonly certificatePem: string;
  readonly keyPem: string;
}

export interface ProxyOptions {
  /** Where the coordinator really is. */
  readonly target: { readonly host: string; readonly port: number };
  readonly caPem: string;
  /** The coordinator's own certificate and key: the agent must believe it speaks to the coordinator. */
  readonly server: PemPair;
  /** The site's own, read when the first connection comes; absent at enrolment, where it has none. */
  readonly site?: () => Promise<PemPair>;
}

/** One call that the agent made, with every byte it sent, decoded from HTTP/2 frames. */
export interface RecordedCall {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly data: Buffer[];
}

/**
 * A recorder below TLS: it ends the agent's TLS with the coordinator's key, notes every header and
 * every DATA byte that the agent sends, and passes all of it on to the coordinator under the site's
 * own certificate. Possible only for a test, which owns all of these keys.
 */
export class RecordingProxy {
  readonly calls: RecordedCall[] = [];
  readonly #server: Http2SecureServer;
  readonly #options: ProxyOptions;
  #upstream: Promise<ClientHttp2Session> | undefined;

  private constructor(options: ProxyOptions) {
    this.#options = options;
    this.#server = createSecureServer({
      cert: options.server.certificatePem,
      key: options.server.keyPem,
      ca: options.caPem,
      requestCert: options.site !== undefined,
      rejectUnauthorized: options.site !== undefined,
    });
    this.#server.on('stream', (stream, headers) => {
      this.#forward(stream, headers).catch(() => stream.close());
    });
  }

  static async start(options: ProxyOptions): Promise<RecordingProxy> {
    const proxy = new RecordingProxy(options);
    proxy.#server.listen(0, '127.0.0.1');
    await once(proxy.#server, 'listening');
    return proxy;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  async stop(): Promise<void> {
    (await this.#upstream?.catch(() => undefined))?.destroy();
    this.#server.close();
  }

  /** Every byte that the agent sent, headers included, as one searchable buffer. */
  everything(): Buffer {
    return Buffer.concat(
      this.calls.flatMap(({ headers, data }) => [Buffer.from(JSON.stringify(headers)), ...data]),
    );
  }

  async #forward(stream: ServerHttp2Stream, headers: IncomingHttpHeaders): Promise<void> {
    const call = { path: String(headers[':path']), headers, data: [] as Buffer[] };
    this.calls.push(call);
    this.#upstream ??= this.#dial();
    const upstream = await this.#upstream;
    const request = upstream.request(headers, { endStream: false });
    stream.on('data', (chunk: Buffer) => {
      call.data.push(chunk);
      request.write(chunk);
    });
    stream.on('end', () => request.end());
    stream.on('close', () => request.close());
    answer(request, stream);
  }

  async #dial(): Promise<ClientHttp2Session> {
    const { target, caPem, site } = this.#options;
    const own = await site?.();
    const session = connect(`https://${target.host}:${target.port}`, {
      ca: caPem,
      servername: target.host,
      ...(own === undefined ? {} : { cert: own.certificatePem, key: own.keyPem }),
    });
    await once(session, 'connect');
    return session;
  }
}

/** Passes the coordinator's answer back: headers, data, and the trailers that carry gRPC's status. */
function answer(request: ClientHttp2Stream, stream: ServerHttp2Stream): void {
  let trailers: IncomingHttpHeaders = {};
  request.on('response', (headers, flags) => {
    const ended = (flags & 1) === 1; // END_STREAM: gRPC's trailers-only answer
    stream.respond(headers, ended ? { endStream: true } : { waitForTrailers: true });
  });
  stream.on('wantTrailers', () => stream.sendTrailers(trailers));
  request.on('trailers', (headers) => {
    trailers = headers;
  });
  request.on('data', (chunk: Buffer) => stream.write(chunk));
  request.on('end', () => stream.end());
  request.on('error', () => stream.close());
  stream.on('error', () => request.close());
}
