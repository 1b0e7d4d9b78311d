/** When virtual time begins: any moment does, as long as it is always the same. */
export const BEGINNING_MS = Date.UTC(2026, 0, 1);
/** As rare as in a hospital: each is written down, and synced, by whoever sends it. */
export const HEARTBEAT_INTERVAL_MS = 30_000;
export const ASK_AGAIN_MS = 60_000;
