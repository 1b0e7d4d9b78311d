import { ENROLLMENT, refuse, WireFormatError } from '@fedvox/protocol';
import type { CallContext, ServerEvent } from '../calls/call-context.js';
import { CallDesk } from '../calls/call-desk.js';
import type { RunningServer } from '../calls/running-server.js';
import { type Service, unary } from '../calls/service.js';
import {
  type Deadlines,
  ENROLLMENT_ATTEMPTS,
  ENROLLMENT_CALLS,
  ENROLLMENT_DOOR,
} from '../limits.js';
import { AttemptBudget } from '../tls/attempt-budget.js';
import type { DoorRules } from '../tls/doorkeeper.js';
import { addressOwner } from '../tls/network-address.js';
import type { ListenSpec } from '../tls/tls-listener.js';
import { startGrpcServer } from './grpc-server.js';

/** A call of nobody in particular; `caller` is its network address, for the log. */
export type AnonymousCall = CallContext<string>;

export interface EnrollmentHandlers {
  /**
   * Exchanges a token for a chain in DER, the site's own certificate first; the same token with the
   * same key again gives the same chain.
   */
  enroll(
    request: { readonly token: string; readonly certificateRequest: Uint8Array },
    call: AnonymousCall,
  ): Promise<readonly Uint8Array[]>;
}

export interface EnrollmentServerOptions extends ListenSpec {
  readonly door?: Partial<DoorRules>;
  readonly deadlinesMs?: Deadlines;
  readonly onEvent: (event: ServerEvent) => void;
}

const MAX_TOKEN_CHARACTERS = 256;

/** Serves enrolment: TLS without a client certificate. @throws FedvoxError `protocol/listen-failed` */
export function createEnrollmentServer(
  handlers: EnrollmentHandlers,
  options: EnrollmentServerOptions,
): Promise<RunningServer> {
  return startGrpcServer({
    ...options,
    requireClientCertificate: false,
    door: { ...ENROLLMENT_DOOR, ...options.door },
    calls: ENROLLMENT_CALLS,
    service: enrollmentService(handlers, options),
  });
}

function enrollmentService(
  handlers: EnrollmentHandlers,
  { onEvent, clock }: EnrollmentServerOptions,
): Service<string> {
  const budget = new AttemptBudget(ENROLLMENT_ATTEMPTS);
  const enroll = unary(ENROLLMENT.enroll, async (request, call: AnonymousCall) => {
    const who = addressOwner(call.caller.replace(/:\d+$/, ''));
    if (!budget.take(who, clock.nowMs())) throw refuse('too-many-attempts');
    if (request.token.length > MAX_TOKEN_CHARACTERS) throw new WireFormatError('a long token');
    const chain = await handlers.enroll(request, call);
    budget.giveBack(who, clock.nowMs());
    return { certificateChain: chain.map((der) => Buffer.from(der)) };
  });
  const desk = new CallDesk<string>({
    authenticate: ({ connection }) => connection,
    nameOf: (address) => address,
    onEvent,
  });
  return { methods: { enroll }, desk };
}
