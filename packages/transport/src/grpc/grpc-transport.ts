import type { CertificateInfo } from '@fedvox/pki';
import type { EgressObserver, Method } from '@fedvox/protocol';
import { type CallOptions, Client, type ServiceError } from '@grpc/grpc-js';
import { sendRequests } from '../calls/message-stream.js';
import { observedEncoder } from '../calls/observed-encoder.js';
import type { Transport } from '../calls/transport.js';
import { fail } from '../errors.js';
import { DEADLINES_MS } from '../limits.js';
import { socketClock } from '../socket-clock.js';
import { nameCallFailure } from './call-failure.js';
import type { SecureChannel } from './channel.js';
import { holdOneMessage } from './flow-control.js';

type Callback<Response> = (error: ServiceError | null, response?: Response) => void;

/** Calls over gRPC, on one connection: each with its deadline, cancellable, every failure named. */
export class GrpcTransport implements Transport {
  readonly #channel: SecureChannel;
  readonly #onSent: EgressObserver;
  readonly #client: Client;
  #isClosed = false;

  /** The observer is told of every message before it leaves. */
  constructor(channel: SecureChannel, onSent: EgressObserver) {
    this.#channel = channel;
    this.#onSent = onSent;
    this.#client = new Client(channel.spec.address, channel.credentials, channel.options);
  }

  get coordinator(): CertificateInfo | undefined {
    return this.#channel.coordinator();
  }

  async unary<Request, Response>(
    method: Method<Request, Response>,
    request: Request,
    signal?: AbortSignal,
  ): Promise<Response> {
    this.#mayCall(signal);
    const answer = deferred<Response>();
    const codecs = this.#codecs(method);
    const options = optionsOf(method);
    const call = this.#client.makeUnaryRequest(...codecs, request, options, answer.callback);
    const release = cancelOnAbort(call, signal);
    try {
      return await answer.promise;
    } catch (error) {
      throw this.#named(error, method, signal);
    } finally {
      release();
    }
  }

  async *serverStream<Request, Response>(
    method: Method<Request, Response>,
    request: Request,
    signal?: AbortSignal,
  ): AsyncGenerator<Response> {
    this.#mayCall(signal);
    const codecs = this.#codecs(method);
    const call = this.#client.makeServerStreamRequest(...codecs, request, optionsOf(method));
    const release = cancelOnAbort(call, signal);
    try {
      for await (const response of holdOneMessage(call)) yield response as Response;
    } catch (error) {
      throw this.#named(error, method, signal);
    } finally {
      release();
      call.cancel();
    }
  }

  async clientStream<Request, Response>(
    method: Method<Request, Response>,
    requests: AsyncIterable<Request>,
    signal?: AbortSignal,
  ): Promise<Response> {
    this.#mayCall(signal);
    const answer = deferred<Response>();
    const codecs = this.#codecs(method);
    const options = optionsOf(method);
    const call = this.#client.makeClientStreamRequest(...codecs, options, answer.callback);
    const release = cancelOnAbort(call, signal);
    try {
      await sendRequests(call, requests, answer.promise);
      return await answer.promise;
    } catch (error) {
      call.cancel();
      throw this.#named(error, method, signal);
    } finally {
      release();
    }
  }

  close(): void {
    this.#isClosed = true;
    this.#client.close();
  }

  #mayCall(signal: AbortSignal | undefined): void {
    signal?.throwIfAborted();
    const { address } = this.#channel.spec;
    if (this.#isClosed) throw fail('connection-lost', { address, reason: 'it was closed here' });
  }

  #codecs<Request, Response>(method: Method<Request, Response>) {
    const { path, response } = method;
    const encode = observedEncoder(method, this.#onSent);
    return [path, encode, (bytes: Buffer) => response.decode(bytes)] as const;
  }

  #named(
    error: unknown,
    { name }: Method<unknown, unknown>,
    signal: AbortSignal | undefined,
  ): unknown {
    if (signal?.aborted) return signal.reason;
    return nameCallFailure(error, name, this.#channel, socketClock.nowMs());
  }
}

/** gRPC compares deadlines with the system's time, whichever clock its caller goes by. */
function optionsOf({ name }: Method<unknown, unknown>): Partial<CallOptions> {
  return { deadline: socketClock.nowMs() + DEADLINES_MS[name] };
}

function deferred<Response>() {
  let callback: Callback<Response> | undefined;
  const promise = new Promise<Response>((resolve, reject) => {
    callback = (error, response) =>
      error === null ? resolve(response as Response) : reject(error);
  });
  return { promise, callback: callback! };
}

function cancelOnAbort(call: { cancel(): void }, signal: AbortSignal | undefined): () => void {
  const cancel = () => call.cancel();
  signal?.addEventListener('abort', cancel, { once: true });
  return () => signal?.removeEventListener('abort', cancel);
}
