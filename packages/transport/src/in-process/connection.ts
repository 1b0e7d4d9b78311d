import type { Clock } from '@fedvox/base';
import type { CertificateInfo } from '@fedvox/pki';
import type { Method, MethodName } from '@fedvox/protocol';
import type { CallContext } from '../calls/call-context.js';
import type { Peer } from '../calls/call-desk.js';
import { CallFailure } from '../calls/call-status.js';
import type { Served, Service } from '../calls/service.js';
import { type Deadlines, SITE_CALLS } from '../limits.js';
import { OpenCall } from './open-call.js';
import { Turns } from './turns.js';

/** What calls within the process meet at their other end. */
export interface Endpoint {
  readonly service: Service<CertificateInfo>;
  /** The coordinator's, which a site learns by connecting. */
  readonly certificate: CertificateInfo;
  readonly deadlinesMs: Deadlines;
  readonly clock: Clock;
}

type Kind = Served<CertificateInfo>['kind'];
type ServedAs<K extends Kind> = Extract<Served<CertificateInfo>, { readonly kind: K }>;

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

  /** The method as this coordinator serves it. @throws CallFailure where it does not */
  served<K extends Kind>({ name }: Method<unknown, unknown>, kind: K): ServedAs<K> {
    const served = this.endpoint.service.methods[name];
    if (served?.kind === kind) return served as ServedAs<K>;
    throw new CallFailure({ code: 'UNIMPLEMENTED', details: `no method ${name} of one ${kind}` });
  }

  run<Result>(
    { name }: Method<unknown, unknown>,
    { signal }: OpenCall,
    work: (context: CallContext<CertificateInfo>) => Promise<Result>,
  ): Promise<Result> {
    return this.endpoint.service.desk.run(name, this.peer, signal, work);
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
