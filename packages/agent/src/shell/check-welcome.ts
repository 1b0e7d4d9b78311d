import { oldestSpokenBy, PROTOCOL_VERSION, type Welcome } from '@fedvox/protocol';
import { fail } from '../errors.js';

/**
 * Whether this agent works with who answered. A coordinator that is older by more than one minor version cannot know that
 * it is misunderstood: the newer side parts.
 * @param version what this agent speaks
 * @throws FedvoxError `agent/wrong-federation`, `agent/coordinator-too-old`
 */
export function checkWelcome(
  { federation: found, protocolVersion: offered }: Welcome,
  expected: string,
  version = PROTOCOL_VERSION,
): void {
  if (found !== expected) throw fail('wrong-federation', { found, expected });
  const required = oldestSpokenBy(version);
  if (offered < required) throw fail('coordinator-too-old', { offered, required });
}
