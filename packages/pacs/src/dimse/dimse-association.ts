import { connect, isIP, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { Clock, FedvoxError } from '@fedvox/base';
import { fail } from '../errors.js';
import { type HttpLimits, isTlsFailure } from '../http-connection.js';
import type { Asked } from '../instance-file.js';
import type { ArchiveAddress } from './archive-address.js';
import { association, type Request, type Response } from './library.js';
import { MessageNetwork, type Receiver } from './message-network.js';
import { MAX_MESSAGE_BYTES, MAX_PDU_BYTES, PduGuard } from './pdu-guard.js';
import type { Proposal } from './presentation-contexts.js';
import { rejection } from './rejection.js';

const RELEASE_LIMIT_MS = 5_000;
const ACCEPTED = 0;
/** `Pending`, and pending with a key that the archive does not support (PS3.4 C.4.1.1.4). */
const PENDING: readonly number[] = [0xff00, 0xff01];

export interface AssociationOptions {
  readonly clock: Clock;
  readonly limits: HttpLimits;
  /** Completes "asked to …" in an error: no patient's data. */
  readonly what: string;
  readonly signal?: AbortSignal | undefined;
}

/** Nothing waits yet or any more, or somebody waits for the association, an answer, its end. */
interface Waiting {
  reject(error: unknown): void;
}

/**
 * One association with an archive (PS3.8), which we open and only we end: one request after the
 * other. Every failure has a name and ends it; nothing is tried again here.
 */
export class DimseAssociation {
  readonly #socket: Socket;
  readonly #network: MessageNetwork;
  readonly #agreed;
  readonly #asked: Asked;
  readonly #over = new AbortController();
  #stage: 'connecting' | 'handshaking' | 'negotiating' | 'open' | 'closing' = 'connecting';
  #failure: { readonly error: unknown } | undefined;
  #waiting: Waiting | undefined;
  #receivedBytes = 0;

  private constructor(
    readonly address: ArchiveAddress,
    proposals: readonly Proposal[],
    readonly options: AssociationOptions,
  ) {
    const { hostname, port, tls, called, calling } = address;
    this.#asked = { host: address.host, what: options.what };
    const servername = isIP(hostname) === 0 ? { servername: hostname } : {};
    this.#socket =
      tls === undefined
        ? connect({ host: hostname, port })
        : connectTls({ host: hostname, port, ...servername, ...tls });
    // Answers are short, and the archive waits for each.
    this.#socket.setNoDelay(true);
    this.#watch();
    const failed = (error: unknown) => this.fail(error);
    this.#network = new MessageNetwork(this.#socket, options.limits.idleTimeoutMs, failed);
    this.#agreed = new association.Association(calling, called);
    this.#agreed.setMaxPduLength(MAX_PDU_BYTES);
    for (const { abstractSyntax, transferSyntaxes, isReceived = false } of proposals) {
      const id = this.#agreed.addPresentationContext(abstractSyntax);
      for (const syntax of transferSyntaxes) {
        this.#agreed.addTransferSyntaxToPresentationContext(id, syntax);
      }
      if (isReceived) this.#agreed.getPresentationContext(id).setProviderRole(true);
    }
  }

  /**
   * Resolves once the archive has accepted.
   * @throws FedvoxError `pacs/unreachable`, `-tls`, `-calling-ae-refused`, `-called-ae-refused`,
   *   `-association-rejected`, `-no-association`, `-unresponsive`
   */
  static async open(
    address: ArchiveAddress,
    proposals: readonly Proposal[],
    options: AssociationOptions,
  ): Promise<DimseAssociation> {
    options.signal?.throwIfAborted();
    const opened = new DimseAssociation(address, proposals, options);
    await opened.#wait<void>((resolve) => opened.#negotiate(resolve));
    opened.#stage = 'open';
    return opened;
  }

  get asked(): Asked {
    return this.#asked;
  }

  /** Whether the archive takes messages of this SOP class, in one of the syntaxes proposed. */
  accepts(abstractSyntax: string): boolean {
    return this.#agreed.getPresentationContexts().some(({ context }) => {
      return context.getAbstractSyntaxUid() === abstractSyntax && context.getResult() === ACCEPTED;
    });
  }

  /** Where objects go that the archive sends; their bytes are not held against messages. */
  receiveBy(receiver: Receiver): void {
    this.#network.receiver = receiver;
  }

  /** Resolves with the final response; those before it go to `onPending`. */
  request(request: Request, onPending?: (response: Response) => void): Promise<Response> {
    return this.#wait((resolve) => {
      request.on('response', (response: Response) => {
        if (!PENDING.includes(response.getStatus())) resolve(response);
        else if (onPending !== undefined) this.#guarded(() => onPending(response));
      });
      this.#network.sendRequests(request);
    });
  }

  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  /** Ends the association at once; whoever waits gets the error. The first one counts. */
  fail(error: unknown): void {
    if (this.#failure !== undefined) return;
    this.#failure = { error };
    if (this.#stage === 'open') this.#network.sendAbort();
    this.#end();
    this.#waiting?.reject(error);
  }

  /** Takes leave as the standard wants it, but not for long: what was asked is answered by now. */
  async release(): Promise<void> {
    if (this.#failure !== undefined) return;
    this.#stage = 'closing';
    const { clock } = this.options;
    await new Promise<void>((resolve) => {
      this.#waiting = { reject: () => resolve() };
      this.#network.on('associationReleaseResponse', () => resolve());
      this.#network.sendAssociationReleaseRequest();
      this.#within(RELEASE_LIMIT_MS, clock, resolve);
    });
    this.#end();
  }

  #end(): void {
    this.#stage = 'closing';
    this.#over.abort();
    this.#socket.destroy();
  }

  #wait<T>(start: (resolve: (value: T) => void) => void): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      if (this.#failure !== undefined) {
        reject(this.#failure.error);
        return;
      }
      this.#waiting = { reject };
      this.#guarded(() => start(resolve));
    });
  }

  #guarded(action: () => void): void {
    try {
      action();
    } catch (error) {
      this.fail(error);
    }
  }

  #negotiate(accepted: () => void): void {
    const network = this.#network;
    const isSecure = this.address.tls !== undefined;
    this.#socket.once('connect', () => {
      this.#stage = isSecure ? 'handshaking' : 'negotiating';
    });
    this.#socket.once(isSecure ? 'secureConnect' : 'connect', () => {
      this.#stage = 'negotiating';
      network.sendAssociationRequest(this.#agreed);
    });
    network.on('associationAccepted', () => accepted());
    network.on('associationRejected', (rejected: Parameters<typeof rejection>[0]) =>
      this.fail(rejection(rejected, this.address, this.#asked)),
    );
    network.on('abort', () =>
      this.fail(fail('aborted', { ...this.#asked, aeTitle: this.address.calling })),
    );
    network.on('networkError', (cause: unknown) => this.#notDicom(cause));
  }

  /** Before the library's own listeners, which know no names. */
  #watch(): void {
    const { clock, limits, signal } = this.options;
    const guard = new PduGuard();
    const tooSlow = (limitMs: number) =>
      this.fail(fail('unresponsive', { ...this.#asked, limitMs }));
    this.#socket.on('data', (bytes: Buffer) => {
      this.#receivedBytes += bytes.length;
      const inMemory = this.#receivedBytes - (this.#network.receiver?.deliveredBytes ?? 0);
      const problem = guard.problem(bytes);
      if (problem === 'no-pdu') this.#notDicom();
      else if (problem === 'too-long') this.#tooLarge(MAX_PDU_BYTES, 'bytes in a piece');
      else if (inMemory > MAX_MESSAGE_BYTES) this.#tooLarge(MAX_MESSAGE_BYTES, 'bytes of messages');
    });
    this.#socket.on('error', (cause: NodeJS.ErrnoException) => this.fail(this.#broken(cause)));
    this.#socket.on('timeout', () => tooSlow(limits.idleTimeoutMs));
    this.#socket.on('close', () => this.fail(this.#closed()));
    const onAbort = () => this.fail(signal?.reason);
    signal?.addEventListener('abort', onAbort, { once: true, signal: this.#over.signal });
    this.#within(limits.totalTimeoutMs, clock, () => tooSlow(limits.totalTimeoutMs));
  }

  #within(limitMs: number, clock: Clock, late: () => void): void {
    clock.sleep(limitMs, this.#over.signal).then(late, () => undefined);
  }

  #notDicom(cause?: unknown): void {
    this.fail(fail('malformed-answer', { ...this.#asked, reason: 'no DICOM message' }, { cause }));
  }

  #tooLarge(limit: number, unit: string): void {
    this.fail(fail('too-large', { ...this.#asked, limit, unit }));
  }

  #broken(cause: NodeJS.ErrnoException): FedvoxError {
    const { host } = this.#asked;
    const reason = cause.code ?? 'no code';
    if (isTlsFailure(reason) || this.#stage === 'handshaking') {
      return fail('tls', { host, reason }, { cause });
    }
    if (this.#stage === 'connecting') {
      return fail('unreachable', { ...this.#asked, reason }, { cause });
    }
    return this.#closed(cause);
  }

  #closed(cause?: unknown): FedvoxError {
    const name = this.#stage === 'open' ? 'truncated' : 'no-association';
    return fail(name, { ...this.#asked }, { cause });
  }
}
