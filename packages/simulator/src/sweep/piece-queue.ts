import { SHA256_PATTERN } from '@fedvox/base';
import type { Redis } from 'ioredis';
import { z } from 'zod';
import { fail } from '../errors.js';

/** One for all comparisons, so that workers need not know their names; what keeps these apart is in each order. */
export const QUEUE = 'comparison-pieces';
const DEFAULT_PREFIX = 'fedvox';
const CONNECT_TIMEOUT_MS = 5_000;
const LONGEST_RETRY_MS = 5_000;

export const pieceOrderSchema = z.strictObject({
  /** Of the comparison, absolute: the same path wherever a worker is. */
  folder: z.string(),
  /** Of what stands in its `sweep.json`. */
  of: z.string().regex(SHA256_PATTERN),
  name: z.string(),
  seed: z.number().int().nonnegative(),
});

/** What a worker is told; the rest lies in the folder of the comparison. */
export type PieceOrder = z.output<typeof pieceOrderSchema>;

export interface RedisLine {
  readonly redis: Redis;
  /** Before every key. */
  readonly prefix: string;
  readonly host: string;
  /** The address without its password. */
  readonly shown: string;
  /** Ends it, and whatever was made of it. */
  readonly hangUp: () => void;
}

/**
 * A line to a Redis server, which dials again where it was up once.
 * @param waits whether commands wait for as long as the server is away, instead of failing after some tries
 * @throws FedvoxError `simulator/queue-address`, `simulator/queue-unreachable`
 */
export async function dialRedis(address: string, waits: boolean): Promise<RedisLine> {
  const url = addressOf(address);
  const prefix = url.searchParams.get('prefix') ?? DEFAULT_PREFIX;
  url.search = '';
  // Heavy, and only of use where there is a queue.
  const { Redis } = await import('ioredis');
  let isWanted = false;
  let reason: unknown;
  const redis = new Redis(url.href, {
    lazyConnect: true,
    connectTimeout: CONNECT_TIMEOUT_MS,
    retryStrategy: (attempt) => (isWanted ? Math.min(attempt * 200, LONGEST_RETRY_MS) : null),
    ...(waits ? { maxRetriesPerRequest: null } : {}),
  });
  redis.on('error', (error: unknown) => {
    reason = error;
  });
  try {
    await redis.connect();
    await redis.ping();
  } catch (error) {
    redis.disconnect();
    throw unreachable(url.host, reason ?? error);
  }
  isWanted = true;
  const hangUp = () => {
    isWanted = false;
    redis.disconnect();
  };
  return { redis, prefix, host: url.host, shown: withoutPassword(address), hangUp };
}

/** What a call to the server that failed is told as. */
export function unreachable(host: string, error: unknown): Error {
  // Node tells of several addresses of one host with an empty message.
  const { message = '', code = '' } = error as NodeJS.ErrnoException;
  return fail(
    'queue-unreachable',
    { host, reason: message || code || 'no reason' },
    { cause: error },
  );
}

function addressOf(address: string): URL {
  const url = URL.canParse(address) ? new URL(address) : undefined;
  if (url === undefined || !['redis:', 'rediss:'].includes(url.protocol) || url.host === '') {
    throw fail('queue-address', { address: withoutPassword(address) });
  }
  return url;
}

const withoutPassword = (address: string) => address.replace(/\/\/.*@/, '//…@');
