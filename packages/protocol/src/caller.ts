import { once } from 'node:events';
import {
  type CallOptions,
  type ClientReadableStream,
  type ClientUnaryCall,
  type ClientWritableStream,
  Metadata,
  type ServiceError,
} from '@grpc/grpc-js';
import { nameCallFailure } from './call-failure.js';
import type { SecureChannel } from './channel.js';
import { DEADLINES_MS, type MethodName } from './limits.js';

type Callback<Response> = (error: ServiceError | null, response: Response) => void;
type UnaryMethod<Request, Response> = (
  request: Request,
  metadata: Metadata,
  options: Partial<CallOptions>,
  callback: Callback<Response>,
) => ClientUnaryCall;

/** Makes calls as promises: each with its deadline, cancellable, every failure named. */
export class Caller {
  readonly #channel: SecureChannel;

  constructor(channel: SecureChannel) {
    this.#channel = channel;
  }

  async unary<Request, Response, Result>(
    name: MethodName,
    method: UnaryMethod<Request, Response>,
    request: Request,
    read: (response: Response) => Result,
    signal?: AbortSignal,
  ): Promise<Result> {
    signal?.throwIfAborted();
    const answer = deferred<Response>();
    const call = method(request, new Metadata(), optionsOf(name), answer.callback);
    const release = cancelOnAbort(call, signal);
    try {
      return read(await answer.promise);
    } catch (error) {
      throw this.#named(error, name, signal);
    } finally {
      release();
    }
  }

  /** Reads a stream of answers; leaving the loop early cancels the call. */
  async *download<Response, Result>(
    name: MethodName,
    start: (metadata: Metadata, options: Partial<CallOptions>) => ClientReadableStream<Response>,
    read: (response: Response) => Result,
    signal?: AbortSignal,
  ): AsyncGenerator<Result> {
    signal?.throwIfAborted();
    const call = start(new Metadata(), optionsOf(name));
    const release = cancelOnAbort(call, signal);
    try {
      for await (const response of call) yield read(response as Response);
    } catch (error) {
      throw this.#named(error, name, signal);
    } finally {
      release();
      call.cancel();
    }
  }

  /** Sends a stream of requests, as fast as the other side takes them, and waits for its answer. */
  async upload<Request, Response, Result>(
    name: MethodName,
    start: (
      metadata: Metadata,
      options: Partial<CallOptions>,
      callback: Callback<Response>,
    ) => ClientWritableStream<Request>,
    requests: AsyncIterable<Request>,
    read: (response: Response) => Result,
    signal?: AbortSignal,
  ): Promise<Result> {
    signal?.throwIfAborted();
    const answer = deferred<Response>();
    const call = start(new Metadata(), optionsOf(name), answer.callback);
    const release = cancelOnAbort(call, signal);
    try {
      await writeAll(call, requests, answer.settled);
      return read(await answer.promise);
    } catch (error) {
      call.cancel();
      throw this.#named(error, name, signal);
    } finally {
      release();
    }
  }

  #named(error: unknown, name: MethodName, signal: AbortSignal | undefined): unknown {
    if (signal?.aborted) return signal.reason;
    return nameCallFailure(error, name, this.#channel, Date.now());
  }
}

function optionsOf(name: MethodName): Partial<CallOptions> {
  return { deadline: Date.now() + DEADLINES_MS[name] };
}

/** Stops as soon as the call has its answer: a server that refuses reads no further. */
async function writeAll<Request>(
  call: ClientWritableStream<Request>,
  requests: AsyncIterable<Request>,
  answered: Promise<'answered'>,
): Promise<void> {
  let isAnswered = false;
  answered.then(() => {
    isAnswered = true;
  });
  for await (const request of requests) {
    if (isAnswered) return;
    if (call.write(request)) continue;
    await Promise.race([once(call, 'drain'), answered]);
  }
  if (!isAnswered) call.end();
}

function deferred<Response>() {
  let callback: Callback<Response> | undefined;
  const promise = new Promise<Response>((resolve, reject) => {
    callback = (error, response) => (error === null ? resolve(response) : reject(error));
  });
  const settled = promise.then(
    () => 'answered' as const,
    () => 'answered' as const,
  );
  return { promise, settled, callback: callback! };
}

function cancelOnAbort(call: { cancel(): void }, signal: AbortSignal | undefined): () => void {
  const cancel = () => call.cancel();
  signal?.addEventListener('abort', cancel, { once: true });
  return () => signal?.removeEventListener('abort', cancel);
}
