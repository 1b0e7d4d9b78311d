import {
  type ClientRequest,
  Agent as HttpAgent,
  request as httpRequest,
  type IncomingHttpHeaders,
  type IncomingMessage,
} from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import type { Readable } from 'node:stream';
import { type Clock, FedvoxError } from '@fedvox/base';
import { fail } from './errors.js';

/** Connections at once: an archive has other work to do than ours. */
const MAX_SOCKETS = 2;

export interface HttpLimits {
  /** Silence on the line, in either direction. */
  readonly idleTimeoutMs: number;
  /** One request with its whole answer, however steadily it trickles. */
  readonly totalTimeoutMs: number;
}

export const DEFAULT_HTTP_LIMITS: HttpLimits = {
  idleTimeoutMs: 60_000,
  totalTimeoutMs: 60 * 60_000,
};

export interface HttpConnectionOptions {
  /** Root of the service; requests go below it and nowhere else. */
  readonly url: string;
  /** Value of the Authorization header. */
  readonly authorization?: string;
  /** Certificates to trust instead of the system's. */
  readonly caPem?: string;
  readonly limits?: HttpLimits;
  readonly clock: Clock;
}

export interface HttpRequest {
  /** Completes "asked to …" in an error: no patient's data. */
  readonly what: string;
  /** Below the root, with a leading slash and its query, encoded. */
  readonly path: string;
  readonly accept: string;
  /** Sent by POST; without one the request is a GET. */
  readonly body?: HttpBody;
  readonly signal?: AbortSignal | undefined;
}

export interface HttpBody {
  readonly contentType: string;
  readonly byteLength: number;
  readonly stream: Readable;
}

export interface HttpAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** Must be read or left by `break`; throws `pacs/truncated`, `pacs/unresponsive`. */
  readonly body: AsyncIterable<Buffer>;
}

/** HTTP to one archive: every failure by name, no redirect followed, nothing retried. */
export class HttpConnection {
  /** Name and port, for error messages. */
  readonly host: string;
  readonly #root: URL;
  readonly #authorization: string | undefined;
  readonly #agent: HttpAgent;
  readonly #limits: HttpLimits;
  readonly #clock: Clock;

  constructor({
    url,
    authorization,
    caPem,
    limits = DEFAULT_HTTP_LIMITS,
    clock,
  }: HttpConnectionOptions) {
    this.#root = new URL(url);
    this.host = this.#root.host;
    this.#authorization = authorization;
    this.#limits = limits;
    this.#clock = clock;
    const options = { keepAlive: true, maxSockets: MAX_SOCKETS };
    this.#agent = this.#isSecure
      ? new HttpsAgent({ ...options, ...(caPem === undefined ? {} : { ca: caPem }) })
      : new HttpAgent(options);
  }

  /**
   * Resolves with the head of an answer of status 2xx; its body is still to be read.
   * @throws FedvoxError `pacs/…` by the status or by what broke; the signal's reason when it aborts
   */
  async send(request: HttpRequest): Promise<HttpAnswer> {
    request.signal?.throwIfAborted();
    const response = await this.#dispatch(request);
    const status = response.statusCode ?? 0;
    if (status < 200 || status > 299) {
      response.destroy();
      throw this.#refusal(status, request.what);
    }
    return { status, headers: response.headers, body: this.#bodyOf(response, request) };
  }

  close(): void {
    this.#agent.destroy();
  }

  get #isSecure(): boolean {
    return this.#root.protocol === 'https:';
  }

  #dispatch({ what, path, accept, body, signal }: HttpRequest): Promise<IncomingMessage> {
    return new Promise((resolve, reject) => {
      const outgoing = (this.#isSecure ? httpsRequest : httpRequest)({
        protocol: this.#root.protocol,
        hostname: this.#root.hostname.replace(/^\[|\]$/g, ''),
        port: this.#root.port,
        path: `${this.#root.pathname.replace(/\/+$/, '')}${path}`,
        method: body === undefined ? 'GET' : 'POST',
        agent: this.#agent,
        timeout: this.#limits.idleTimeoutMs,
        headers: {
          accept,
          ...(this.#authorization === undefined ? {} : { authorization: this.#authorization }),
          ...(body === undefined
            ? {}
            : { 'content-type': body.contentType, 'content-length': body.byteLength }),
        },
      });
      this.#guard(outgoing, what, signal);
      outgoing.once('response', resolve);
      // Errors after the answer has begun come by its body.
      outgoing.on('error', (cause) =>
        reject(signal?.aborted ? signal.reason : this.#broken(cause, what, 'unreachable')),
      );
      if (body === undefined) outgoing.end();
      else body.stream.once('error', (error) => outgoing.destroy(error)).pipe(outgoing);
    });
  }

  /** Ends request and answer when the caller no longer wants them or they take too long. */
  #guard(outgoing: ClientRequest, what: string, signal: AbortSignal | undefined): void {
    let response: IncomingMessage | undefined;
    const end = (reason: unknown) => {
      const error = reason instanceof Error ? reason : new Error(String(reason));
      (response ?? outgoing).destroy(error);
    };
    const tooSlow = (limitMs: number) =>
      end(fail('unresponsive', { host: this.host, limitMs, what }));
    const { idleTimeoutMs, totalTimeoutMs } = this.#limits;
    const onAbort = () => end(signal?.reason);
    const timer = this.#clock.after(totalTimeoutMs, () => tooSlow(totalTimeoutMs));
    signal?.addEventListener('abort', onAbort, { once: true });
    outgoing.once('response', (answer: IncomingMessage) => {
      response = answer;
    });
    outgoing.on('timeout', () => tooSlow(idleTimeoutMs));
    outgoing.once('close', () => {
      timer.cancel();
      signal?.removeEventListener('abort', onAbort);
    });
  }

  async *#bodyOf(response: IncomingMessage, { what, signal }: HttpRequest): AsyncGenerator<Buffer> {
    try {
      yield* response as AsyncIterable<Buffer>;
    } catch (cause) {
      signal?.throwIfAborted();
      throw this.#broken(cause, what, 'truncated');
    }
  }

  /** What a broken connection means; errors that have a name already keep it. */
  #broken(cause: unknown, what: string, name: 'unreachable' | 'truncated'): unknown {
    const { code } = cause as NodeJS.ErrnoException;
    if (cause instanceof FedvoxError || code === undefined) return cause;
    const { host } = this;
    if (isTlsFailure(code)) return fail('tls', { host, reason: code }, { cause });
    return fail(name, { host, what, reason: code }, { cause });
  }

  #refusal(status: number, what: string): FedvoxError {
    const { host } = this;
    if (status === 401 || status === 403) return fail('unauthorised', { host, what, status });
    if (status === 404 || status === 410) return fail('not-found', { host, what });
    if (status >= 300 && status < 400) return fail('redirected', { host, what });
    const mayPass = status === 408 || status === 429 || status >= 500;
    return fail(mayPass ? 'unavailable' : 'request-refused', { host, what, status });
  }
}

/** Codes of Node's and OpenSSL's, for a certificate that is not trusted and a failed handshake. */
export function isTlsFailure(code: string): boolean {
  return /CERT|^ERR_(TLS|SSL)_|^UNABLE_TO_|^HOSTNAME_MISMATCH$|^EPROTO$/.test(code);
}
