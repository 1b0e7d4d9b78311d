import type { Socket } from 'node:net';
import type { Writable } from 'node:stream';
import {
  type CStoreRequest,
  type CStoreResponse,
  DimseDataset,
  type PresentationContext,
  responses,
  Scp,
} from './library.js';

const SUCCESS = 0x0000;

/** An object that the archive is about to send. */
export interface Announced {
  readonly sopClassUid: string;
  readonly sopInstanceUid: string;
  readonly transferSyntaxUid: string;
}

/** Takes what an archive sends in the course of a C-GET. */
export interface Receiver {
  readonly deliveredBytes: number;
  /** Must take every write at once; see `MessageNetwork`. */
  begin(announced: Announced): Writable;
  /** Resolves once the object that was begun is on disk. */
  finish(): Promise<void>;
}

/**
 * The library's side of one association. Its base class is made for servers and is used for its hooks:
 * an object's bytes go to a stream as they come instead of being taken apart and put together again.
 * The library does not keep the order of messages across a stream that asks it to wait, so ours
 * never does, and the socket is paused instead.
 */
export class MessageNetwork extends Scp {
  receiver: Receiver | undefined;
  readonly #fail: (error: unknown) => void;

  constructor(socket: Socket, idleTimeoutMs: number, fail: (error: unknown) => void) {
    // Silence is watched on the socket, by `connectTimeout`; the others would cut long messages.
    const forever = Number.MAX_SAFE_INTEGER;
    super(socket, {
      connectTimeout: idleTimeoutMs,
      associationTimeout: forever,
      pduTimeout: forever,
    });
    this.#fail = fail;
  }

  override createStoreWritableStream(context: PresentationContext, request: CStoreRequest) {
    try {
      if (this.receiver === undefined) throw new Error('nothing was asked for');
      return this.receiver.begin({
        sopClassUid: request.getAffectedSopClassUid(),
        sopInstanceUid: request.getAffectedSopInstanceUid(),
        transferSyntaxUid: context.getAcceptedTransferSyntaxUid() ?? '',
      });
    } catch (error) {
      this.#fail(error);
      throw error;
    }
  }

  /** The bytes are with the receiver; the library is told nothing of them. */
  override createDatasetFromStoreWritableStream(
    _: Writable,
    __: PresentationContext,
    callback: (dataset: DimseDataset) => void,
  ): void {
    callback(new DimseDataset({}));
  }

  override cStoreRequest(request: CStoreRequest, answer: (response: CStoreResponse) => void): void {
    const finished = this.receiver?.finish() ?? Promise.reject(new Error('nothing was asked for'));
    finished.then(() => {
      const response = responses.CStoreResponse.fromRequest(request);
      response.setStatus(SUCCESS);
      answer(response);
    }, this.#fail);
  }
}
