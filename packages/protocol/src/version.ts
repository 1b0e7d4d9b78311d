import type { Capability } from './capabilities.js';
import { refuse } from './refusals.js';

/** Raised when a peer of the version before would misunderstand; additions are capabilities instead. */
export const PROTOCOL_VERSION = 1;
/** The oldest version this one still talks to. */
export const OLDEST_PROTOCOL_VERSION = 1;

export interface Offer {
  readonly protocolVersion: number;
  readonly capabilities: readonly Capability[];
}

/**
 * What both sides will use: the lower version, and the capabilities both have.
 * @throws FedvoxError `refused/protocol-too-old`
 */
export function negotiate(own: readonly Capability[], peer: Offer): Offer {
  if (peer.protocolVersion < OLDEST_PROTOCOL_VERSION) {
    const offered = peer.protocolVersion;
    throw refuse('protocol-too-old', { offered, required: OLDEST_PROTOCOL_VERSION });
  }
  return {
    protocolVersion: Math.min(PROTOCOL_VERSION, peer.protocolVersion),
    capabilities: own.filter((capability) => peer.capabilities.includes(capability)),
  };
}
