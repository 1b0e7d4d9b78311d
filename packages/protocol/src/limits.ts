/** Every bound of what is said, by name; both sides hold the other to them. */

/** Chunks of models and deltas: large enough for throughput, small beside any message limit. */
export const MAX_CHUNK_BYTES = 1024 * 1024;
export const DEFAULT_CHUNK_BYTES = 256 * 1024;
/** No message is larger; a model is never one message. */
export const MAX_MESSAGE_BYTES = 4 * 1024 * 1024;

/** How long the coordinator may hold `NextTask` open before it answers `idle`. */
export const LONG_POLL_MS = 25_000;
