import { addAbortSignal, PassThrough } from 'node:stream';
import { errorText, FedvoxError } from '@fedvox/base';
import type { CertificateInfo } from '@fedvox/pki';
import { type Codec, type EgressObserver, MAX_MESSAGE_BYTES, type Method } from '@fedvox/protocol';
import { CallFailure, errorOf } from '../calls/call-status.js';
import { sendRequests, sendResponses } from '../calls/message-stream.js';
import { observedEncoder } from '../calls/observed-encoder.js';
import type { Transport } from '../calls/transport.js';
import { fail } from '../errors.js';
import { SITE_CALLS } from '../limits.js';
import type { Connection } from './connection.js';
import type { OpenCall } from './open-call.js';

export interface InProcessTransportOptions {
  /** As errors name it. */
  readonly address: string;
  /** @throws FedvoxError `protocol/coordinator-unreachable` */
  readonly connect: () => Connection;
  readonly onSent: EgressObserver;
}

/** One message waits while the other side is at the one before. */
const ONE_MESSAGE = { objectMode: true, highWaterMark: 1 };

/**
 * Calls to a coordinator of the same process. Every message becomes bytes and is read from them again,
 * no larger than on a socket, so that nothing passes here which the wire would not let through.
 */
export class InProcessTransport implements Transport {
  readonly #options: InProcessTransportOptions;
  #connection: Connection | undefined;
  #isClosed = false;

  constructor(options: InProcessTransportOptions) {
    this.#options = options;
  }

  get coordinator(): CertificateInfo | undefined {
    return this.#connection?.endpoint.certificate;
  }

  unary<Request, Response>(
    method: Method<Request, Response>,
    request: Request,
    signal?: AbortSignal,
  ): Promise<Response> {
    return this.#call(method, signal, async ({ signal: over }, { endpoint, peer }) => {
      const sent = this.#outward(method)(request);
      const answer = endpoint.serve(method, 'unary', peer, over, (handle) => handle(sent));
      return inward(method, await answer);
    });
  }

  async *serverStream<Request, Response>(
    method: Method<Request, Response>,
    request: Request,
    signal?: AbortSignal,
  ): AsyncGenerator<Response> {
    const left = new AbortController();
    const either = AbortSignal.any([left.signal, ...(signal === undefined ? [] : [signal])]);
    const responses = new PassThrough(ONE_MESSAGE);
    const done = this.#call(method, either, async ({ signal: over }, { endpoint, peer }) => {
      const sent = this.#outward(method)(request);
      await endpoint.serve(method, 'server-stream', peer, over, (handle) =>
        sendResponses(responses, inwardAll(method, handle(sent)), over),
      );
    });
    const end = () => responses.end();
    done.then(end, end);
    try {
      for await (const response of responses) yield response as Response;
      await done;
    } finally {
      left.abort();
    }
  }

  clientStream<Request, Response>(
    method: Method<Request, Response>,
    requests: AsyncIterable<Request>,
    signal?: AbortSignal,
  ): Promise<Response> {
    return this.#call(method, signal, async ({ signal: over }, { endpoint, peer }) => {
      const stream = addAbortSignal(over, new PassThrough(ONE_MESSAGE));
      // The handler's iteration throws that same error; a stream wants a listener for it as well.
      stream.on('error', () => undefined);
      const answer = endpoint.serve(method, 'client-stream', peer, over, (handle) =>
        handle(stream),
      );
      await sendRequests(stream, mapped(requests, this.#outward(method)), answer);
      return inward(method, await answer);
    });
  }

  close(): void {
    this.#isClosed = true;
    this.#connection?.drain();
  }

  async #call<Result>(
    method: Method<unknown, unknown>,
    signal: AbortSignal | undefined,
    work: (call: OpenCall, connection: Connection) => Promise<Result>,
  ): Promise<Result> {
    signal?.throwIfAborted();
    try {
      const connection = this.#connected();
      const call = connection.open(method.name);
      const hangUp = () => call.cutShort({ code: 'CANCELLED', details: 'given up' });
      signal?.addEventListener('abort', hangUp, { once: true });
      try {
        const begin = async () => {
          call.signal.throwIfAborted();
          return work(call, connection);
        };
        return await call.settle(connection.turns.take(begin));
      } finally {
        signal?.removeEventListener('abort', hangUp);
        call.close();
      }
    } catch (error) {
      throw signal?.aborted ? signal.reason : this.#named(error, method);
    }
  }

  #connected(): Connection {
    const { address, connect } = this.#options;
    if (this.#isClosed) throw fail('connection-lost', { address, reason: 'it was closed here' });
    if (this.#connection?.isOpen !== true) this.#connection = connect();
    return this.#connection;
  }

  #named(error: unknown, { name: method }: Method<unknown, unknown>): FedvoxError {
    const { address } = this.#options;
    if (error instanceof FedvoxError) return error;
    if (error instanceof CallFailure) return errorOf(error.status, { address, method }, error);
    return fail('connection-lost', { address, reason: errorText(error) }, { cause: error });
  }

  /** A request's way through its bytes, which the observer sees. */
  #outward<Request>(method: Method<Request, unknown>): (request: Request) => Request {
    const encode = observedEncoder(method, this.#options.onSent);
    return (request) => carried(method.request, () => encode(request), SITE_CALLS.maxRequestBytes);
  }
}

/** A response's way through its bytes. */
function inward<Response>({ response: codec }: Method<unknown, Response>, response: Response) {
  return carried(codec, () => codec.encode(response).finish(), MAX_MESSAGE_BYTES);
}

function inwardAll<Response>(
  method: Method<unknown, Response>,
  responses: AsyncIterable<Response>,
) {
  return mapped(responses, (response) => inward(method, response));
}

function carried<Message>(
  codec: Codec<Message>,
  encode: () => Uint8Array,
  maxBytes: number,
): Message {
  const bytes = encoded(encode);
  // Bytes of their own, as on a socket: those of a chunk are its sender's to use again.
  if (bytes.byteLength <= maxBytes) return codec.decode(Buffer.from(bytes));
  const details = `a message of ${bytes.byteLength} bytes`;
  throw new CallFailure({ code: 'RESOURCE_EXHAUSTED', details });
}

function encoded(encode: () => Uint8Array): Uint8Array {
  try {
    return encode();
  } catch (error) {
    throw new CallFailure({ code: 'INTERNAL', details: errorText(error) });
  }
}

async function* mapped<From, To>(
  items: AsyncIterable<From>,
  map: (item: From) => To,
): AsyncGenerator<To> {
  for await (const item of items) yield map(item);
}
