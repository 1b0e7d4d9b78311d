import type { Clock } from '@fedvox/base';
import type { CertificateInfo } from '@fedvox/pki';
import type { Method } from '@fedvox/protocol';
import type { Peer } from '../calls/call-desk.js';
import { CallFailure } from '../calls/call-status.js';
import type { Service } from '../calls/service.js';
import type { Deadlines } from '../limits.js';

/** A method's handler, for one call of it. */
interface Handles<Request, Response> {
  readonly unary: (request: Request) => Promise<Response>;
  readonly 'server-stream': (request: Request) => AsyncIterable<Response>;
  readonly 'client-stream': (requests: AsyncIterable<Request>) => Promise<Response>;
}
export type Kind = keyof Handles<unknown, unknown>;

/** What calls within the process meet at their other end. */
export interface Endpoint {
  /** The coordinator's, which a peer learns by connecting. */
  readonly certificate: CertificateInfo;
  readonly deadlinesMs: Deadlines;
  readonly clock: Clock;
  /** Rejects with a `CallFailure`, which holds all that the caller is told. */
  serve<K extends Kind, Request, Response, Result>(
    method: Method<Request, Response>,
    kind: K,
    peer: Peer,
    signal: AbortSignal,
    work: (handle: Handles<Request, Response>[K]) => Promise<Result>,
  ): Promise<Result>;
}

export function endpointOf<Caller>(
  { methods, desk }: Service<Caller>,
  about: Pick<Endpoint, 'certificate' | 'deadlinesMs' | 'clock'>,
): Endpoint {
  const serve: Endpoint['serve'] = ({ name }, kind, peer, signal, work) => {
    const served = methods[name];
    if (served?.kind !== kind) {
      throw new CallFailure({ code: 'UNIMPLEMENTED', details: `no ${kind} method ${name}` });
    }
    return desk.run(name, peer, signal, (context) => {
      // The method says what its handler takes and gives; the table of all methods cannot.
      const handle = (input: unknown) => served.handle(input as never, context);
      return work(handle as Parameters<typeof work>[0]);
    });
  };
  return { ...about, serve };
}
