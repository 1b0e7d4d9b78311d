import { setTimeout as delay } from 'node:timers/promises';
import {
  type Decline,
  type EgressItem,
  type FiguresOutlook,
  GATE_OUTCOMES,
  type GateReport,
  type MethodName,
  refuse,
  SITE_STATES,
  type SiteState,
  type Task,
  type Welcome,
} from '@fedvox/protocol';
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import type { FederationHandlers } from '../calls/federation-handlers.js';
import { isTransientGrpcError } from '../grpc/call-failure.js';
import type { FederationServerOptions } from '../grpc/federation-server.js';
import { DEADLINES_MS } from '../limits.js';
import type { Wire } from '../wire.js';
import { type Member, sampleUpdate, TestFederation } from './test-federation.js';
import { promiseAndResolve, unanswered } from './unanswered.js';

/** What calls are, whatever they travel by. */
export function describeCalls(name: string, wire: Wire): void {
  describe(`by ${name}, a call`, () => {
    let federation: TestFederation;
    let alice: Member;
    const cleanups: (() => unknown)[] = [];

    beforeAll(async () => {
      federation = await TestFederation.create(wire);
      alice = await federation.member();
    });
    afterEach(async () => {
      for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
    });

    async function pair(
      handlers: Partial<FederationHandlers>,
      options: Partial<FederationServerOptions> = {},
    ) {
      const server = await federation.serve(handlers, options);
      const client = federation.dial(server, alice);
      cleanups.push(
        () => server.stop(0),
        () => client.close(),
      );
      return { server, client };
    }

    it('carries every state, outcome and kind of work there and back', async () => {
      const states: SiteState[] = [];
      const [reports, declined]: [GateReport[], Decline[]] = [[], []];
      const { baseModel, jobDigest, job } = sampleUpdate;
      const tasks: (Task | undefined)[] = [
        undefined,
        { job, jobDigest, work: { kind: 'check-data' } },
        { job, jobDigest, work: { kind: 'train', round: 1, baseModel } },
        { job, jobDigest, work: { kind: 'evaluate', round: 0xffff_ffff, baseModel } },
      ];
      const left = [...tasks];
      const { client } = await pair({
        nextTask: async (state) => {
          states.push(state);
          return left.shift();
        },
        heartbeat: async ({ job: id, round, state }) => {
          expect([id, round]).toEqual([job, 9]);
          states.push(state);
          return { stillWanted: state !== 'training' };
        },
        reportGate: async (report) => void reports.push(report),
        decline: async (decline) => void declined.push(decline),
      });
      for (const task of tasks) expect(await client.nextTask('idle')).toEqual(task);
      for (const state of SITE_STATES) {
        const { stillWanted } = await client.heartbeat({ job, round: 9, state });
        expect(stillWanted).toBe(state !== 'training');
      }
      const outlooks: (FiguresOutlook | null)[] = [null, 'reported', 'withheld'];
      const said = GATE_OUTCOMES.map((outcome, n) => ({
        job,
        outcome,
        figures: outlooks[n % 3] ?? null,
      }));
      for (const report of said) await client.reportGate(report);
      const reasons = GATE_OUTCOMES.filter((outcome) => outcome !== 'pass');
      const declines = reasons.map((reason, round) => ({ job, round, reason }));
      for (const decline of declines) await client.decline(decline);
      expect(states).toEqual(['idle', 'idle', 'idle', 'idle', ...SITE_STATES]);
      expect(reports).toEqual(said);
      expect(declined).toEqual(declines);
    });

    it('tells its handler who is calling', async () => {
      const { client } = await pair({
        heartbeat: async (_, { caller }) => ({
          stillWanted: caller.fingerprint === alice.certificate.fingerprint,
        }),
      });
      const beat = { job: 'x', round: 1, state: 'training' } as const;
      expect(await client.heartbeat(beat)).toEqual({ stillWanted: true });
    });

    it('that is refused tells the site by name and the coordinator’s log by name and site', async () => {
      const { server, client } = await pair({
        beginUpload: async () => Promise.reject(refuse('stale-round', { round: 2, current: 3 })),
      });
      const signature = { sig: Buffer.from('s'), keyid: 'k' };
      const envelope = { payload: Buffer.from('x'), payloadType: 't', signatures: [signature] };
      await expect(client.beginUpload(envelope)).rejects.toMatchObject({
        code: 'refused/stale-round',
        message: 'the statement is for round 2; the job is at round 3',
      });
      expect(server.events).toMatchObject([
        { kind: 'call-refused', method: 'beginUpload', caller: 'alice' },
      ]);
    });

    it('whose handler breaks tells the site nothing of why, and the coordinator’s log everything', async () => {
      const broken = new Error('ENOSPC /srv/state');
      const { server, client } = await pair({ nextTask: () => Promise.reject(broken) });
      const failure = await client.nextTask('idle').catch((error) => error);
      expect(failure.code).toBe('protocol/coordinator-failed');
      expect(`${failure.message} ${failure.cause}`).not.toContain('ENOSPC');
      expect(isTransientGrpcError(failure)).toBe(true);
      expect(server.events).toEqual([
        { kind: 'call-failed', method: 'nextTask', caller: 'alice', error: broken },
      ]);
    });

    it('of the wrong shape is refused before its handler sees it', async () => {
      const reportGate = vi.fn(async () => undefined);
      const { client } = await pair({ reportGate });
      await expect(
        client.reportGate({ job: '../etc', outcome: 'pass', figures: null }),
      ).rejects.toMatchObject({
        code: 'refused/request-invalid',
      });
      expect(reportGate).not.toHaveBeenCalled();
    });

    it('that the site gives up aborts its handler and throws the reason', async () => {
      const { nextTask, entered, aborted } = unanswered();
      const { server, client } = await pair({ nextTask });
      const stop = new AbortController();
      const asking = client.nextTask('idle', stop.signal).catch((error) => error);
      await entered;
      const reason = new Error('SIGTERM');
      stop.abort(reason);
      expect(await asking).toBe(reason);
      await aborted;
      expect(server.events).toEqual([]);
      await expect(client.nextTask('idle', stop.signal)).rejects.toBe(reason);
    });

    it('under way when the coordinator stops is transient, and works again when it is back', async () => {
      const { nextTask, entered } = unanswered();
      const { server, client } = await pair({ nextTask });
      const asking = client.nextTask('idle').catch((error) => error);
      await entered;
      await server.stop(0);
      expect(isTransientGrpcError(await asking)).toBe(true);

      const reborn = await federation.serve({}, { port: server.port });
      cleanups.push(() => reborn.stop(0));
      const asked = () => client.nextTask('idle').catch((error) => error.code);
      await expect.poll(asked, { timeout: 20_000 }).toBeUndefined();
    });

    it('gets its answer when the server stops with grace', async () => {
      const { promise: entered, resolve: enter } = promiseAndResolve();
      const { promise: answered, resolve: answer } = promiseAndResolve();
      const { server, client } = await pair({
        heartbeat: async () => {
          enter();
          await answered;
          return { stillWanted: true };
        },
      });
      const beating = client.heartbeat({ job: 'x', round: 1, state: 'idle' });
      await entered;
      const stopped = server.stop(20_000);
      answer();
      expect(await beating).toEqual({ stillWanted: true });
      await stopped;
    });

    it('runs beside at most 31 others of its site; more wait their turn', async () => {
      let current = 0;
      let most = 0;
      const { client } = await pair({
        heartbeat: async () => {
          most = Math.max(most, ++current);
          await delay(30);
          current--;
          return { stillWanted: true };
        },
      });
      const beat = { job: 'x', round: 1, state: 'idle' } as const;
      const answers = await Promise.all(Array.from({ length: 100 }, () => client.heartbeat(beat)));
      expect(answers).toHaveLength(100);
      expect(most).toBeGreaterThan(1);
      expect(most).toBeLessThanOrEqual(32);
    });

    it('that takes too long is ended by its deadline, for the site and for its handler', async () => {
      const names = Object.keys(DEADLINES_MS) as MethodName[];
      const deadlinesMs = Object.fromEntries(
        names.map((name) => [name, 200]),
      ) as typeof DEADLINES_MS;
      const { nextTask, aborted } = unanswered();
      const { server, client } = await pair({ nextTask }, { deadlinesMs });
      const failure = await client.nextTask('idle').catch((error) => error);
      expect(failure.code).toBe('protocol/call-timed-out');
      expect(isTransientGrpcError(failure)).toBe(true);
      await aborted;
      expect(server.events).toEqual([]);
    });

    it('fails where a handler answers what has no bytes on the wire', async () => {
      const hello = async () => ({ protocolVersion: -1 }) as Welcome;
      const { client } = await pair({ hello });
      await expect(client.hello([])).rejects.toMatchObject({ code: 'protocol/coordinator-failed' });
    });

    it('carries no message that is larger than messages may be, either way', async () => {
      const failed = { code: 'protocol/coordinator-failed' };
      const { client } = await pair({
        download: async function* () {
          yield { totalBytes: 2 ** 23, chunk: Buffer.alloc(2 ** 23) };
        },
        upload: async (_, chunks) => {
          for await (const chunk of chunks) expect(chunk).toHaveLength(2 ** 21);
          return { offset: 0 };
        },
      });
      const digest = 'ab'.repeat(32);
      await expect(client.download(digest, 0).next()).rejects.toMatchObject(failed);
      async function* chunks() {
        yield Buffer.alloc(2 ** 21);
      }
      const position = { statement: digest, offset: 0 };
      await expect(client.upload(position, chunks())).rejects.toMatchObject(failed);
    });

    it('is not made once its client is closed', async () => {
      const { client } = await pair({});
      await client.hello([]);
      client.close();
      await expect(client.hello([])).rejects.toMatchObject({ code: 'protocol/connection-lost' });
    });

    it('under way when its client is closed still gets its answer', async () => {
      const { promise: entered, resolve: enter } = promiseAndResolve();
      const { promise: answered, resolve: answer } = promiseAndResolve();
      const { client } = await pair({
        heartbeat: async () => {
          enter();
          await answered;
          return { stillWanted: true };
        },
      });
      const beating = client.heartbeat({ job: 'x', round: 1, state: 'idle' });
      await entered;
      client.close();
      answer();
      expect(await beating).toEqual({ stillWanted: true });
    });

    it('of a member that is disconnected ends, and its next one comes by another connection', async () => {
      const { nextTask, entered } = unanswered();
      const connections: string[] = [];
      const authorize = (_: unknown, connection: string) => void connections.push(connection);
      const { server, client } = await pair({ nextTask }, { authorize });
      const asking = client.nextTask('idle').catch((error) => error);
      await entered;
      server.disconnect({ federation: 'north', role: 'site', name: 'bob' });
      expect((await client.hello([])).federation).toBe('north');
      server.disconnect(alice.certificate.identity);
      expect((await asking).code).toBe('protocol/connection-lost');
      const asked = () =>
        client.hello([]).then(
          () => 'welcome',
          (error) => error.code,
        );
      await expect.poll(asked, { timeout: 20_000 }).toBe('welcome');
      expect(new Set(connections).size).toBe(2);
    });

    it('that the observer of what leaves does not let through is not made', async () => {
      const heartbeat = vi.fn(async () => ({ stillWanted: true }));
      const server = await federation.serve({ heartbeat });
      const onSent = () => {
        throw new Error('the ledger’s disk is full');
      };
      const client = federation.dial(server, alice, { onSent });
      cleanups.push(
        () => server.stop(0),
        () => client.close(),
      );
      const beat = { job: 'x', round: 1, state: 'idle' } as const;
      await expect(client.heartbeat(beat)).rejects.toMatchObject({
        code: 'protocol/coordinator-failed',
      });
      expect(heartbeat).not.toHaveBeenCalled();
    });

    it('tells the observer of each message with the bytes that it takes on the wire', async () => {
      const { client } = await pair({});
      await client.hello(['delta-f32', 'decline']);
      await client.heartbeat({ job: 'x', round: 300, state: 'training' });
      const sent: EgressItem[] = [
        // Five bytes before each; version 1; two capabilities in one packed field.
        { kind: 'capabilities', method: 'hello', bytes: 5 + 2 + 4 },
        // The job's one letter, a round of two bytes, the state.
        { kind: 'control', method: 'heartbeat', bytes: 5 + 3 + 3 + 2 },
      ];
      expect(client.sent).toEqual(sent);
    });
  });
}
