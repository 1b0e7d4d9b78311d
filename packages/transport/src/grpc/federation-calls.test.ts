import { setTimeout as delay } from 'node:timers/promises';
import {
  AGENT_STATES,
  type AgentState,
  type Decline,
  type FiguresOutlook,
  GATE_OUTCOMES,
  type GateReport,
  refuse,
  type Task,
} from '@fedvox/protocol';
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import type { ServerEvent } from '../calls/call-context.js';
import type { FederationHandlers } from '../calls/federation-handlers.js';
import { type Member, sampleUpdate, TestFederation } from '../testing/test-federation.js';
import { isTransientGrpcError } from './call-failure.js';
import { enroll } from './enrollment-client.js';
import { createEnrollmentServer, type EnrollmentHandlers } from './enrollment-server.js';

let federation: TestFederation;
let alice: Member;
const cleanups: (() => unknown)[] = [];

beforeAll(async () => {
  federation = await TestFederation.create();
  alice = await federation.member();
});
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

function promiseAndResolve() {
  let resolve: () => void = () => undefined;
  const promise = new Promise<void>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}

/** A long poll that ends only when the site hangs up. */
function unanswered() {
  const { promise: entered, resolve: enter } = promiseAndResolve();
  const { promise: aborted, resolve: abort } = promiseAndResolve();
  const nextTask: FederationHandlers['nextTask'] = (_, { signal }) => {
    enter();
    return new Promise((_, reject) => {
      signal.addEventListener('abort', () => {
        abort();
        reject(new Error('hung up'));
      });
    });
  };
  return { nextTask, entered, aborted };
}

async function pair(handlers: Partial<FederationHandlers>) {
  const server = await federation.serve(handlers);
  const client = federation.dial(server, alice);
  cleanups.push(
    () => server.stop(0),
    () => client.close(),
  );
  return { server, client };
}

describe('a call', () => {
  it('carries every state, outcome and kind of work there and back', async () => {
    const states: AgentState[] = [];
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
    for (const state of AGENT_STATES) {
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
    expect(states).toEqual(['idle', 'idle', 'idle', 'idle', ...AGENT_STATES]);
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

  it('made to a server that stops is cut off, even while its handshake is under way', async () => {
    const server = await federation.serve({});
    const clients = Array.from({ length: 8 }, () => federation.dial(server, alice));
    const calls = clients.map((client) => client.hello([]).catch((error) => error));
    await server.stop(0);
    await Promise.all(calls);
    for (const client of clients) client.close();
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
});

describe('a connection', () => {
  it('outlives a silence of many keepalives, and a silent peer does not', async () => {
    const keepalive = { intervalMs: 50, timeoutMs: 3_000 };
    let connections = 0;
    const { nextTask, entered } = unanswered();
    const server = await federation.serve({ nextTask }, { keepalive });
    const relay = await federation.relay(server.port, () => connections++);
    const client = federation.dial(relay, alice, { keepalive });
    cleanups.push(
      () => server.stop(0),
      () => relay.stop(),
      () => client.close(),
    );
    await client.hello([]);
    await delay(1_000);
    await client.hello([]);
    expect(connections).toBe(1);

    const asking = client.nextTask('idle').catch((error) => error);
    await entered;
    relay.silence();
    expect((await asking).code).toBe('protocol/connection-lost');
  });
});

describe('enrolment', () => {
  async function enrollmentServer(handler: EnrollmentHandlers['enroll'], options: object = {}) {
    const events: ServerEvent[] = [];
    const server = await createEnrollmentServer(
      { enroll: handler },
      { ...federation.listen, onEvent: (event) => events.push(event), ...options },
    );
    cleanups.push(() => server.stop(0));
    const request = (options: object = {}) =>
      enroll({
        address: `localhost:${server.port}`,
        federation: 'north',
        caPem: federation.authority.certificatePem,
        token: 'fedvox-invite-x',
        certificateRequest: Buffer.from('csr'),
        onSent: () => undefined,
        ...options,
      });
    return { events, request, port: server.port };
  }

  it('needs no certificate, and brings one', async () => {
    const { request } = await enrollmentServer(async ({ token, certificateRequest }) => {
      expect([token, Buffer.from(certificateRequest).toString()]).toEqual([
        'fedvox-invite-x',
        'csr',
      ]);
      return [alice.certificate.der];
    });
    expect(await request()).toEqual([alice.certificate.der]);
  });

  it('sends the token to nobody but the coordinator that the invitation names', async () => {
    const handler = vi.fn(async () => []);
    const { request } = await enrollmentServer(handler);
    const stranger = await TestFederation.create();
    await expect(request({ caPem: stranger.authority.certificatePem })).rejects.toMatchObject({
      code: 'protocol/server-certificate-untrusted',
    });
    await expect(request({ federation: 'south' })).rejects.toMatchObject({
      code: 'protocol/server-not-coordinator',
    });
    expect(handler).not.toHaveBeenCalled();
  });

  it('is refused by name, and noted with the address it came from', async () => {
    const { request, events } = await enrollmentServer(async () => {
      throw refuse('token-used');
    });
    await expect(request()).rejects.toMatchObject({ code: 'refused/token-used' });
    expect(events).toMatchObject([
      { kind: 'call-refused', method: 'enroll', caller: expect.stringMatching(/:\d+$/) },
    ]);
  });

  it('at the address that is for enrolled sites says that this is the wrong one', async () => {
    const { request } = await enrollmentServer(async () => []);
    const { server } = await pair({});
    await expect(request({ address: `localhost:${server.port}` })).rejects.toMatchObject({
      code: 'protocol/own-certificate-missing',
      advice: expect.stringContaining('enrolment address'),
    });
  });
});
