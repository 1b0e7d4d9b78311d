import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import type { JobDetails } from '@fedvox/coordinator';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTestConsortium, type TestConsortium } from '../support/consortium.js';
import {
  buildPackages,
  type CoordinatorProcess,
  type CrashPoint,
  reservePorts,
  startCoordinatorProcess,
} from '../support/coordinator-process.js';
import {
  enrollAll,
  INITIAL_WEIGHTS,
  operatorOf,
  submitTinyJob,
  testConfig,
} from '../support/federation.js';
import { WEIGHTS } from '../support/scripted-site.js';
import { digestOf, expectedModel } from '../support/tiny-model.js';

const ROUNDS = 3;

/** In the order in which a job meets them; at each one the process dies and the next one takes over. */
const CRASHES: readonly CrashPoint[] = [
  { when: 'before', kind: 'gate-reported', round: '-' },
  { when: 'after', kind: 'gate-closed', round: '-' },
  { when: 'after', kind: 'round-opened', round: 1 },
  // The delta is durable, its row is not: no receipt was given.
  { when: 'before', kind: 'update-accepted', round: 1 },
  // The row is durable, the receipt was never sent.
  { when: 'after', kind: 'update-accepted', round: 1 },
  { when: 'after', kind: 'round-closing', round: 1 },
  { when: 'after', kind: 'round-aggregating', round: 1 },
  // The model is durable, the round is not committed.
  { when: 'before', kind: 'round-committed', round: 1 },
  // Between two rounds.
  { when: 'after', kind: 'round-committed', round: 1 },
  { when: 'after', kind: 'round-committed', round: 2 },
  { when: 'after', kind: 'round-committed', round: 3 },
  // The evaluation of the last model.
  { when: 'after', kind: 'update-accepted', round: 4 },
  { when: 'before', kind: 'job-completed', round: '-' },
];

describe('invariant 2: a coordinator that is killed', () => {
  let consortium: TestConsortium;
  let stateDir: string;
  let running: CoordinatorProcess | undefined;
  beforeAll(async () => {
    stateDir = await mkdtemp(join(tmpdir(), 'fedvox-kill-'));
    consortium = await createTestConsortium();
    buildPackages('coordinator');
  }, 120_000);
  afterAll(async () => {
    running?.kill('SIGKILL');
    await running?.ended;
    await consortium.remove();
    await rm(stateDir, { recursive: true });
  });

  it('at every kind of transition ends in the byte-identical model, with nothing accepted lost', {
    timeout: 180_000,
  }, async () => {
    const ports = await reservePorts();
    const configPath = join(stateDir, 'coordinator.yaml');
    await writeFile(configPath, JSON.stringify(quiet(testConfig(consortium, stateDir, ports))));
    running = await startCoordinatorProcess(configPath);
    const operator = operatorOf(consortium, ports.httpPort);
    const sites = await enrollAll(consortium, operator);
    const id = await submitTinyJob(operator, stateDir, { rounds: ROUNDS, minSites: 3 });
    running.kill('SIGKILL');
    await running.ended;

    const done = new AbortController();
    const working = Promise.all(sites.map((site) => site.work(done.signal)));
    for (const crash of CRASHES) {
      running = await startCoordinatorProcess(configPath, crash);
      expect([crash, await running.ended]).toEqual([crash, 'SIGKILL']);
    }
    running = await startCoordinatorProcess(configPath);
    const job = await untilCompleted(() => operator.job(id));
    done.abort();
    await working;

    let model = INITIAL_WEIGHTS;
    const updates = sites.map(({ name }) => ({ site: name, weight: WEIGHTS[name] as number }));
    for (let round = 1; round <= ROUNDS; round++) model = expectedModel(model, round, updates);
    expect(job.rounds.at(-1)?.modelSha256).toBe(digestOf(model));

    for (let round = 1; round <= ROUNDS + 1; round++) {
      expect(await operator.updates(id, round)).toHaveLength(sites.length);
    }
    expect(sites.map(({ receipts }) => receipts.length)).toEqual(sites.map(() => ROUNDS + 1));
    for (const site of sites) site.close();
    operator.close();
  });
});

const quiet = <Config extends object>(config: Config) => ({ ...config, logLevel: 'silent' });

async function untilCompleted(look: () => Promise<JobDetails>): Promise<JobDetails> {
  for (;;) {
    const job = await look();
    if (job.status === 'completed') return job;
    await setTimeout(50);
  }
}
