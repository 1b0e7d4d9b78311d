import type { Clock } from '@fedvox/base';
import { ENROLLMENT, refuse, WireFormatError } from '@fedvox/protocol';
import { ENROLLMENT_ATTEMPTS } from '../limits.js';
import { AttemptBudget } from '../tls/attempt-budget.js';
import { addressOwner } from '../tls/network-address.js';
import type { CallContext, ServerEvent } from './call-context.js';
import { CallDesk } from './call-desk.js';
import { type Service, unary } from './service.js';
import type { Transport } from './transport.js';

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

export interface EnrollmentServiceOptions {
  readonly onEvent: (event: ServerEvent) => void;
  /** What attempts are counted by. */
  readonly clock: Clock;
}

const MAX_TOKEN_CHARACTERS = 256;

/** The one thing that can be called without a certificate. */
export function enrollmentService(
  handlers: EnrollmentHandlers,
  { onEvent, clock }: EnrollmentServiceOptions,
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

export interface EnrollmentRequest {
  readonly token: string;
  /** PKCS #10 in DER. The key it is about stays here. */
  readonly certificateRequest: Uint8Array;
  readonly signal?: AbortSignal;
}

/** The site's side of it, over a transport of its own: a chain in DER, the site's certificate first. */
export async function enrollOver(
  transport: Transport,
  { token, certificateRequest, signal }: EnrollmentRequest,
): Promise<readonly Uint8Array[]> {
  const request = { token, certificateRequest: Buffer.from(certificateRequest) };
  try {
    return (await transport.unary(ENROLLMENT.enroll, request, signal)).certificateChain;
  } finally {
    transport.close();
  }
}
