import type { RefusalCode } from '@fedvox/protocol';

/** What a refusal by the coordinator asks of the agent. */
export type RefusalResponse =
  /** The answer is of no use any more: forget it and ask what is to be done now. */
  | 'drop'
  /** The work itself was at fault, and would be again: drop it and abstain from its task. */
  | 'give-up'
  /** The answer was accepted earlier and its receipt was lost on the way: fetch it. */
  | 'collect-receipt'
  /** The answer is good, its counter or its key is not: sign it again, under a higher counter. */
  | 'sign-again'
  /** The answer may be wanted again later: keep it, and go on with other work. */
  | 'set-aside'
  /** Bytes went astray: send them again, a bounded number of times. */
  | 'resend'
  /** Said only to be heard by a person: everything goes on. */
  | 'warn'
  /** Nothing this agent can do will help: stop, and tell the person why. */
  | 'stop';

const RESPONSES: Readonly<Record<RefusalCode, RefusalResponse>> = {
  'unknown-job': 'drop',
  'unknown-blob': 'drop',
  'not-invited': 'drop',
  'stale-round': 'drop',
  'round-closed': 'drop',
  'job-ended': 'drop',
  'wrong-base-model': 'drop',

  'wrong-job-digest': 'give-up',
  'delta-missing': 'give-up',
  'delta-too-large': 'give-up',
  'delta-shape-mismatch': 'give-up',
  'delta-not-finite': 'give-up',
  'delta-not-safetensors': 'give-up',
  'weight-out-of-range': 'give-up',
  'figures-out-of-range': 'give-up',
  'request-invalid': 'give-up',
  'renewal-too-soon': 'give-up',

  'replayed-statement': 'collect-receipt',
  'counter-not-increasing': 'sign-again',
  // The certificate, and with it the key, was renewed since the answer was signed.
  'bad-signature': 'sign-again',
  'job-paused': 'set-aside',

  'identity-shared': 'warn',

  'upload-unknown': 'resend',
  'upload-offset-wrong': 'resend',
  'delta-truncated': 'resend',
  'delta-digest-mismatch': 'resend',
  'receipt-unknown': 'resend',

  unauthenticated: 'stop',
  'wrong-role': 'stop',
  'wrong-site': 'stop',
  'wrong-federation': 'stop',
  revoked: 'stop',
  'unknown-certificate': 'stop',
  'protocol-too-old': 'stop',
  'token-invalid': 'stop',
  'token-expired': 'stop',
  'token-used': 'stop',
  'token-replaced': 'stop',
  'already-enrolled': 'stop',
  'key-in-use': 'stop',
  'too-many-attempts': 'stop',
};

/** A refusal that only a newer coordinator knows costs one round's work at worst. */
export function responseTo(refusal: string): RefusalResponse {
  return Object.hasOwn(RESPONSES, refusal) ? RESPONSES[refusal as RefusalCode] : 'give-up';
}
