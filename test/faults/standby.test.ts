import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import type { CoordinatorClient } from '@fedvox/coordinator/client';
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  asOwner,
  hasPostgres,
  newTestDatabase,
  type TestDatabase,
} from '../../packages/coordinator/src/testing/postgres-server.js';
import { TestS3 } from '../../packages/coordinator/src/testing/s3-server.js';
import { createTestConsortium, type TestConsortium } from '../support/consortium.js';
import {
  buildPackages,
  type CrashPoint,
  reservePorts,
  spawnCoordinator,
} from '../support/coordinator-process.js';
import {
  enrollAll,
  INITIAL_WEIGHTS,
  operatorOf,
  type Ports,
  submitTinyJob,
  testConfig,
  waitForJob,
} from '../support/federation.js';
import { httpsGet } from '../support/https-get.js';
import { type ScriptedSite, WEIGHTS } from '../support/scripted-site.js';
import { digestOf, expectedModel } from '../support/tiny-model.js';

const ROUNDS = 2;
const TAKEOVER_MS = 4_000;

type Process = ReturnType<typeof spawnCoordinator>;

describe.skipIf(!hasPostgres)('of two coordinators on one PostgreSQL database', () => {
  let consortium: TestConsortium;
  let database: TestDatabase;
  let root: string;
  let s3: TestS3;
  const processes: Process[] = [];
  const clients: { close(): void }[] = [];
  beforeAll(async () => {
    buildPackages('coordinator');
  }, 120_000);
  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'fedvox-standby-'));
    consortium = await createTestConsortium();
    database = await newTestDatabase();
    s3 = await TestS3.open();
    for (const [name, value] of Object.entries(s3.environment)) vi.stubEnv(name, value);
  });
  afterEach(async () => {
    for (const each of clients.splice(0)) each.close();
    for (const each of processes.splice(0)) {
      each.kill('SIGKILL');
      await each.ended;
    }
    vi.unstubAllEnvs();
    await s3.close();
    await database.drop();
    await consortium.remove();
    await rm(root, { recursive: true });
  });

  /** Until then it may not answer at all. */
  async function untilStandby(one: Coordinator, leader: Coordinator): Promise<void> {
    for (;;) {
      const answer = await httpsGet(consortium, one.ports.httpPort, '/healthz').catch(() => '{}');
      const health = JSON.parse(answer);
      if (health.status === 'standby') {
        expect(health.leader).toBe(`localhost:${leader.ports.httpPort}`);
        return;
      }
      await setTimeout(50);
    }
  }

  interface Coordinator {
    readonly ports: Ports;
    readonly process: Process;
    readonly operator: CoordinatorClient;
  }

  /** Each with a state folder of its own; blobs lie in one bucket. */
  async function start(name: string, crash?: CrashPoint): Promise<Coordinator> {
    const ports = await reservePorts();
    const config = {
      ...testConfig(consortium, join(root, name), ports),
      ...{ store: database.url, blobs: bucketOf(s3), takeoverAfterMs: TAKEOVER_MS },
      logLevel: 'silent',
    };
    const path = join(root, `${name}.yaml`);
    await writeFile(path, JSON.stringify(config));
    const process = spawnCoordinator(path, crash);
    const operator = operatorOf(consortium, ports.httpPort);
    processes.push(process);
    clients.push(operator);
    return { ports, process, operator };
  }

  /** What the one that leads works on until the other has taken over. */
  async function submitted(leader: Coordinator): Promise<{ id: string; sites: ScriptedSite[] }> {
    await leader.process.listening;
    const sites = await enrollAll(consortium, leader.operator);
    clients.push(...sites);
    const id = await submitTinyJob(leader.operator, root, { rounds: ROUNDS, minSites: 3 });
    return { id, sites };
  }

  function undisturbed(sites: readonly ScriptedSite[]): string {
    let model = INITIAL_WEIGHTS;
    const updates = sites.map(({ name }) => ({ site: name, weight: WEIGHTS[name] as number }));
    for (let round = 1; round <= ROUNDS; round++) model = expectedModel(model, round, updates);
    return digestOf(model);
  }

  it('one stands by and says so; when the leader is killed within a round, it finishes with the same bytes', {
    timeout: 240_000,
  }, async () => {
    const point = { when: 'after', kind: 'update-accepted', round: 2 } as const;
    const first = await start('first', point);
    await first.process.listening;
    const second = await start('second');
    await untilStandby(second, first);
    const metrics = await httpsGet(consortium, second.ports.httpPort, '/metrics');
    expect(metrics).toMatch(/^fedvox_standing_by 1$/m);
    await expect(second.operator.jobs()).rejects.toMatchObject({
      code: 'coordinator/standing-by',
    });

    const { id, sites } = await submitted(first);
    const done = new AbortController();
    const working = Promise.all(sites.map((site) => site.work(done.signal)));
    expect(await first.process.ended).toBe('SIGKILL');
    for (const site of sites) site.move(`localhost:${second.ports.federationPort}`);
    await second.process.listening;
    const job = await waitForJob(second.operator, id, ({ status }) => status === 'completed');
    done.abort();
    await working;

    expect(job.rounds.at(-1)?.modelSha256).toBe(undisturbed(sites));
    for (let round = 1; round <= ROUNDS + 1; round++) {
      expect(await second.operator.updates(id, round)).toHaveLength(sites.length);
    }
    expect(sites.map(({ receipts }) => receipts.length)).toEqual(sites.map(() => ROUNDS + 1));
  });

  it('the leader that stood still writes nothing when it goes on, and stands by', {
    timeout: 240_000,
  }, async () => {
    const [first, second] = [await start('first'), await start('second')];
    const isFirst = await Promise.race([
      first.process.listening.then(() => true),
      second.process.listening.then(() => false),
    ]);
    const [leader, other] = isFirst ? [first, second] : [second, first];
    const { id, sites } = await submitted(leader);
    leader.process.kill('SIGSTOP');
    for (const site of sites) site.move(`localhost:${other.ports.federationPort}`);
    const done = new AbortController();
    await other.process.listening;
    const working = Promise.all(sites.map((site) => site.work(done.signal)));
    await waitForJob(other.operator, id, ({ rounds }) => rounds.length > 1);
    leader.process.kill('SIGCONT');
    await untilStandby(leader, other);
    const job = await waitForJob(other.operator, id, ({ status }) => status === 'completed');
    done.abort();
    await working;

    expect(job.rounds.at(-1)?.modelSha256).toBe(undisturbed(sites));
    const { rows } = await asOwner((client) =>
      client.query(`SELECT epoch FROM ${database.schema}.leadership`),
    );
    expect(Number(rows[0]?.epoch)).toBe(2);
  });
});

function bucketOf({ bucket, endpoint }: TestS3) {
  return { bucket, endpoint, pathStyle: true };
}
