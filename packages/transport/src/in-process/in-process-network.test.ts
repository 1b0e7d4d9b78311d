import { VirtualClock } from '@fedvox/base';
import { DEFAULT_CHUNK_BYTES } from '@fedvox/protocol';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { FederationHandlers } from '../calls/federation-handlers.js';
import { DEADLINES_MS, SITE_CALLS, STOP_GRACE_MS } from '../limits.js';
import { describeCalls } from '../testing/call-contract.js';
import { describeCallers } from '../testing/caller-contract.js';
import { type Member, TestFederation } from '../testing/test-federation.js';
import { unanswered } from '../testing/unanswered.js';
import { InProcessNetwork } from './in-process-network.js';

const network = new InProcessNetwork();
describeCalls('calls within the process', network);
describeCallers('calls within the process', network);

describe('calls within the process', () => {
  let federation: TestFederation;
  let alice: Member;
  let clock: VirtualClock;
  let stop: () => Promise<void>;
  beforeAll(async () => {
    federation = await TestFederation.create(network);
    alice = await federation.member();
  });
  beforeEach(() => {
    clock = new VirtualClock({ startMs: Date.now() });
  });
  afterEach(() => stop());

  async function pair(handlers: Partial<FederationHandlers>) {
    const server = await federation.serve(handlers, { clock });
    stop = () => clock.passUntil(server.stop(0));
    return { server, client: federation.dial(server, alice) };
  }

  it('end by their deadline on the coordinator’s clock, in no time of anybody else’s', async () => {
    const { nextTask } = unanswered();
    const { client } = await pair({ nextTask });
    const startedAtMs = clock.nowMs();
    const asking = client.nextTask('idle').catch((error) => error.code);
    expect(await clock.passUntil(asking)).toBe('protocol/call-timed-out');
    expect(clock.nowMs() - startedAtMs).toBe(DEADLINES_MS.nextTask);
  });

  it('leave no timer behind once they are answered', async () => {
    const { client } = await pair({});
    await client.hello([]);
    await expect(clock.passUntil(new Promise(() => undefined))).rejects.toThrow(
      /waits for a timer/,
    );
  });

  it('under way when the coordinator stops have its grace on its clock, then are cut off', async () => {
    const { nextTask, entered, aborted } = unanswered();
    const { server, client } = await pair({ nextTask });
    const asking = client.nextTask('idle').catch((error) => error.code);
    await entered;
    const startedAtMs = clock.nowMs();
    await clock.passUntil(server.stop());
    expect(clock.nowMs() - startedAtMs).toBe(STOP_GRACE_MS);
    expect(await asking).toBe('protocol/connection-lost');
    await aborted;
  });

  it('carry bytes, not objects: what one side changes afterwards stays its own', async () => {
    const chunk = Buffer.from('model');
    const { client } = await pair({
      download: async function* () {
        yield { totalBytes: 5, chunk };
      },
    });
    for await (const part of client.download('ab'.repeat(32), 0)) {
      chunk.fill('x');
      expect(Buffer.from(part.chunk).toString()).toBe('model');
    }
  });

  it('that were given up before their turn never reach their handler', async () => {
    const answers: (() => void)[] = [];
    const heartbeat = () =>
      new Promise<{ stillWanted: boolean }>((resolve) =>
        answers.push(() => resolve({ stillWanted: true })),
      );
    let isGreeted = false;
    const hello = async (): Promise<never> => {
      isGreeted = true;
      throw new Error('not wanted');
    };
    const { client } = await pair({ heartbeat, hello });
    const beat = { job: 'x', round: 1, state: 'idle' } as const;
    const { maxConcurrentCalls } = SITE_CALLS;
    const beating = Array.from({ length: maxConcurrentCalls }, () => client.heartbeat(beat));
    await expect.poll(() => answers.length).toBe(maxConcurrentCalls);
    const stop = new AbortController();
    const waiting = client.hello([], stop.signal).catch((error) => error);
    const reason = new Error('no longer');
    stop.abort(reason);
    expect(await waiting).toBe(reason);
    for (const answer of answers) answer();
    await Promise.all(beating);
    expect(isGreeted).toBe(false);
  });

  it('send no more of an upload than its handler has read, but for a message on either side', async () => {
    let sent = 0;
    let read = 0;
    let most = 0;
    const { client } = await pair({
      upload: async (_, chunks) => {
        for await (const chunk of chunks) {
          read += chunk.byteLength / DEFAULT_CHUNK_BYTES;
          most = Math.max(most, sent - read);
          await new Promise((resolve) => setImmediate(resolve));
        }
        return { offset: read };
      },
    });
    async function* chunks() {
      for (; sent < 50; sent++) yield Buffer.alloc(DEFAULT_CHUNK_BYTES);
    }
    await client.upload({ statement: 'ab'.repeat(32), offset: 0 }, chunks());
    expect(read).toBe(50);
    expect(most).toBeLessThanOrEqual(4);
  });
});
