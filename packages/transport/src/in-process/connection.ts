import type { MethodName } from '@fedvox/protocol';
import type { Peer } from '../calls/call-desk.js';
import { SITE_CALLS } from '../limits.js';
import type { Endpoint } from './endpoint.js';
import { OpenCall } from './open-call.js';
import { Turns } from './turns.js';

/** One peer's connection to a coordinator of this process. */
export class Connection {
  readonly endpoint: Endpoint;
  readonly peer: Peer;
  /** As many calls at once as a socket would let through. */
  readonly turns = new Turns(SITE_CALLS.maxConcurrentCalls);
  readonly #calls = new Set<OpenCall>();
  #whenIdle: (() => void)[] = [];
  #isOpen = true;

  constructor(endpoint: Endpoint, peer: Peer) {
    this.endpoint = endpoint;
    this.peer = peer;
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** A call with its deadline running; whoever made it closes it. */
  open(method: MethodName): OpenCall {
    const { clock, deadlinesMs } = this.endpoint;
    const call = new OpenCall(() => {
      timer.cancel();
      this.#calls.delete(call);
      if (this.#calls.size === 0) for (const tell of this.#whenIdle.splice(0)) tell();
    });
    const timer = clock.after(deadlinesMs[method], () =>
      call.cutShort({ code: 'DEADLINE_EXCEEDED', details: 'the call took longer than it may' }),
    );
    this.#calls.add(call);
    return call;
  }

  /** Takes no further call; resolves once those under way have ended. */
  async drain(): Promise<void> {
    this.#isOpen = false;
    if (this.#calls.size > 0) await new Promise<void>((resolve) => this.#whenIdle.push(resolve));
  }

  /** Ends at once, with every call on it. */
  cut(details: string): void {
    this.#isOpen = false;
    for (const call of [...this.#calls]) call.cutShort({ code: 'UNAVAILABLE', details });
  }
}
