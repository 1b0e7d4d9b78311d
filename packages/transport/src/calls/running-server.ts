import type { Identity } from '@fedvox/pki';

export interface RunningServer {
  readonly port: number;
  /** Accepts nothing new, lets calls under way end for so long, then cuts them off. */
  stop(graceMs?: number): Promise<void>;
}

/** A server that knows its clients by their certificates. */
export interface MemberServer extends RunningServer {
  /** Ends the member's connections at once, with every call on them. */
  disconnect(member: Identity): void;
}
