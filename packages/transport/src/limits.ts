import { LONG_POLL_MS, MAX_CHUNK_BYTES, type MethodName } from '@fedvox/protocol';

/** Every bound of how it travels, by name. Both ends are built with them. */

/** What a peer may have under way on one connection; half-sent messages are memory that it holds. */
export interface CallBounds {
  readonly maxConcurrentCalls: number;
  readonly maxRequestBytes: number;
}
/** A long poll, a heartbeat, a transfer, and room for retries; the largest message is a chunk. */
export const SITE_CALLS: CallBounds = {
  maxConcurrentCalls: 32,
  maxRequestBytes: MAX_CHUNK_BYTES + 64 * 1024,
};
/** A token and a certificate request are 2 KiB. */
export const ENROLLMENT_CALLS: CallBounds = {
  maxConcurrentCalls: 2,
  maxRequestBytes: 32 * 1024,
};
/** What HTTP/2 itself may hold of a connection that nobody vouches for, in Node's unit: 1 MB. */
export const STRANGER_SESSION_MB = 1;
/** Connections that one port holds at once, the members' and everybody else's. */
export const MAX_CONNECTIONS = 4096;
/** From the connection to the end of the TLS handshake, however busy the peer looks meanwhile. */
export const HANDSHAKE_TIMEOUT_MS = 10_000;
/**
 * Of those who have a certificate to show: so many may be in their handshake at once. Sites behind one proxy share its
 * address, and all of them dial at once when the coordinator comes back.
 */
export const SITES_DOOR = {
  maxStrangers: 1024,
  maxStrangersPerAddress: 128,
  /** An agent holds one; the others are being replaced, or are a person's who looks at something. */
  maxPerMember: 4,
} as const;
/** A browser opens six, and an operator may have several windows. */
export const OPERATORS_DOOR = { ...SITES_DOOR, maxPerMember: 32 } as const;
/** Nobody has a certificate here yet, and enrolling takes a second: few places, and not for long. */
export const ENROLLMENT_DOOR = {
  maxStrangers: 64,
  maxStrangersPerAddress: 16,
  maxPerMember: 1,
  strangerLifetimeMs: 60_000,
} as const;
/** Refused attempts to enrol of one address: twenty, then ten a minute. */
export const ENROLLMENT_ATTEMPTS = { burst: 20, refillMs: 6_000, maxRemembered: 4096 } as const;
/** HTTP/2 flow-control window: what may be under way on a long fat line before an answer. */
export const FLOW_CONTROL_WINDOW_BYTES = 4 * 1024 * 1024;
/** What a server's connections have of it together, in equal shares down to the least. */
export const SHARED_WINDOW_BYTES = 16 * 1024 * 1024;
export const LEAST_WINDOW_BYTES = 256 * 1024;

/** For each method, how long a call of it may take. */
export type Deadlines = Readonly<Record<MethodName, number>>;

/**
 * Every call has a deadline. A transfer that runs into its own is continued, not started again, so a
 * slow line costs some calls more, never the model.
 */
export const DEADLINES_MS = {
  hello: 30_000,
  nextTask: LONG_POLL_MS + 35_000,
  heartbeat: 20_000,
  download: 15 * 60_000,
  reportGate: 30_000,
  decline: 30_000,
  beginUpload: 60_000,
  upload: 15 * 60_000,
  /** The coordinator reads and checks the whole delta within it. */
  submit: 10 * 60_000,
  getReceipt: 30_000,
  renewCertificate: 60_000,
  enroll: 60_000,
} as const satisfies Deadlines;

/**
 * Pings keep firewalls and NAT tables from forgetting a silent connection, whether or not a call is
 * open, and tell within a minute and a half that the other side is gone.
 */
export interface KeepaliveOptions {
  readonly intervalMs: number;
  /** How long a ping may stay unanswered before the connection counts as dead. */
  readonly timeoutMs: number;
}
export const KEEPALIVE: KeepaliveOptions = { intervalMs: 60_000, timeoutMs: 30_000 };

/** How long a server that stops lets calls under way go on. */
export const STOP_GRACE_MS = 2_000;
