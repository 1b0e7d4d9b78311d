import type { Capability } from './capabilities.js';
import { refuse } from './refusals.js';

/** Raised by one with each minor version of Fedvox, which it counts on the wire: 0.1 says 1. */
export const PROTOCOL_VERSION = 1;

/** The oldest that a version talks to: one minor version apart is the most, on either side. */
export function oldestSpokenBy(version: number): number {
  return Math.max(1, version - 1);
}

export interface Offer {
  readonly protocolVersion: number;
  readonly capabilities: readonly Capability[];
}

/**
 * What both sides will use: the lower version, and the capabilities both have. A peer that is newer by more than one
 * decides for itself: whoever is newer knows what was changed.
 * @param version what this side speaks
 * @throws FedvoxError `refused/protocol-too-old`
 */
export function negotiate(
  own: readonly Capability[],
  peer: Offer,
  version = PROTOCOL_VERSION,
): Offer {
  const required = oldestSpokenBy(version);
  const { protocolVersion: offered } = peer;
  if (offered < required) throw refuse('protocol-too-old', { offered, required });
  return {
    protocolVersion: Math.min(version, offered),
    capabilities: own.filter((capability) => peer.capabilities.includes(capability)),
  };
}
