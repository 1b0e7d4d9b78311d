import { randomId } from '@fedvox/base/system';
import { dialRedis } from '../sweep/piece-queue.js';

/** Whoever tests elsewhere says so. */
const SERVER = process.env['FEDVOX_TEST_REDIS'] ?? 'redis://127.0.0.1:6379';

/** Whether there is a server to test with. */
export const hasRedis: boolean = await dialRedis(SERVER, false).then(
  ({ hangUp }) => {
    hangUp();
    return true;
  },
  // Where there is none, the tests that need one are skipped by name.
  () => false,
);

export interface TestQueue {
  /** What `--queue` is given: whatever it keeps has names of its own. */
  readonly address: string;
  clear(): Promise<void>;
}

export function newTestQueue(): TestQueue {
  const address = `${SERVER}?prefix=fedvox-test-${randomId()}`;
  return {
    address,
    async clear() {
      const { redis, prefix, hangUp } = await dialRedis(address, false);
      const keys = await redis.keys(`${prefix}:*`);
      if (keys.length > 0) await redis.del(keys);
      hangUp();
    },
  };
}
