import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import type { Clock } from '@fedvox/base';
import { systemClock } from '@fedvox/base/system';
import { run } from '@fedvox/cli';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createTestConsortium, type TestConsortium } from '../support/consortium.js';
import {
  INITIAL_WEIGHTS,
  startTestFederation,
  type TestFederation,
  waitForJob,
} from '../support/federation.js';
import { WEIGHTS } from '../support/scripted-site.js';
import { digestOf, expectedModel } from '../support/tiny-model.js';
import { fedvox } from './command.js';

const DAY_MS = 86_400_000;

let consortium: TestConsortium;
beforeAll(async () => {
  consortium = await createTestConsortium();
});
afterAll(() => consortium.remove());

let federation: TestFederation;
let aheadMs: number;
/** The disk's own time goes on as it does; the coordinator's can be put ahead. */
const clock: Clock = { ...systemClock, nowMs: () => Date.now() + aheadMs };
const open = async (retention: { deltas?: string; models?: string }) => {
  aheadMs = 0;
  federation = await startTestFederation(consortium, { clock }, { retention });
};
afterEach(() => federation.stop());

async function blobNames(): Promise<string[]> {
  const folder = join(federation.stateDir, 'blobs');
  return (await readdir(folder, { recursive: true })).filter((name) => name.length > 60);
}

async function until(isReached: () => Promise<boolean>): Promise<void> {
  while (!(await isReached())) await systemClock.sleep(100);
}

/** Lets all sites work until the job is as wanted. */
async function workUntil(id: string, isReached: Parameters<typeof waitForJob>[2]) {
  const stop = new AbortController();
  const working = federation.sites.map((site) => site.work(stop.signal));
  const job = await waitForJob(federation.operator, id, isReached);
  stop.abort();
  await Promise.all(working);
  return job;
}

const command = (...argv: string[]) =>
  fedvox(
    {},
    ...argv,
    '--coordinator',
    federation.operatorAddress,
    '--consortium',
    consortium.folder,
  );

function finalModel(rounds: number) {
  const updates = ['east', 'north', 'south'].map((site) => ({
    site,
    weight: WEIGHTS[site] as number,
  }));
  let model = INITIAL_WEIGHTS;
  for (let round = 1; round <= rounds; round++) model = expectedModel(model, round, updates);
  return digestOf(model);
}

describe('retention', () => {
  it('keeps every byte where nothing is set, however old', async () => {
    await open({});
    const id = await federation.submit({ rounds: 3, minSites: 3 });
    await workUntil(id, ({ status }) => status === 'completed');
    aheadMs = 10_000 * DAY_MS;
    const other = await federation.submit({ rounds: 1 });
    await federation.operator.abortJob(other);
    await federation.operator.deleteJob(other, 'tiny');
    // Nine deltas, the model before and after each round, two jobs.
    expect(await blobNames()).toHaveLength(3 * 3 + 4 + 2 - 1);
  });

  it('lets old deltas and models go while a job runs on to the same bytes, and keeps the rows', async () => {
    await open({ deltas: '1s', models: '1s' });
    const id = await federation.submit({ rounds: 4, minSites: 3 });
    await workUntil(id, ({ current }) => (current?.round ?? 0) >= 3);
    aheadMs = DAY_MS;
    const deltaOf = async (round: number) => (await federation.operator.updates(id, round))[0];
    await until(async () => (await deltaOf(1))?.deltaRemovedAtMs !== null);
    const job = await workUntil(id, ({ status }) => status === 'completed');
    expect(job.rounds.at(-1)?.modelSha256).toBe(finalModel(4));
    const [update] = await federation.operator.updates(id, 1);
    expect(update).toMatchObject({
      deltaRemovedAtMs: expect.any(Number),
      statement: { payloadType: expect.any(String) },
      receipt: { payloadType: expect.any(String) },
    });
    const lost = federation.operator.getBlob(
      update?.deltaSha256 as string,
      join(federation.stateDir, 'x'),
    );
    await expect(lost).rejects.toMatchObject({
      code: 'coordinator/blob-removed',
      message: expect.stringMatching(/were removed on 20\d\d-.*as retention asks/),
    });
    const output = join(federation.stateDir, 'best.safetensors');
    expect(await command('job', 'model', id, '--output', output)).toMatchObject({ exitCode: 0 });
    const old = () => command('job', 'model', id, '--round', '1', '--output', output);
    await until(async () => (await old()).exitCode === 1);
    expect((await old()).stderr).toContain('were removed on');
  });
});

describe('retention by rounds', () => {
  /** Looks at once. What came in just now is let alone for a while, so that it must seem older. */
  async function look(): Promise<void> {
    aheadMs = DAY_MS;
    const other = await federation.submit({ rounds: 1 });
    await federation.operator.abortJob(other);
    await federation.operator.deleteJob(other, 'tiny');
  }

  async function roundsGone(id: string, committed: number): Promise<number[]> {
    const gone: number[] = [];
    for (let round = 1; round <= committed; round++) {
      const [update] = await federation.operator.updates(id, round);
      if (update !== undefined && update.deltaRemovedAtMs !== null) gone.push(round);
    }
    return gone;
  }

  it('lets a delta go so many rounds after its own, while the job runs', async () => {
    await open({ deltas: '2 rounds' });
    const id = await federation.submit({ rounds: 9, minSites: 3 });
    await workUntil(id, ({ current }) => (current?.round ?? 0) >= 4);
    await federation.operator.pauseJob(id);
    // An aggregation that has begun goes on to its end.
    const { rounds } = await waitForJob(federation.operator, id, ({ current }) =>
      ['open', 'pending'].includes(current?.phase ?? ''),
    );
    const committed = rounds.length - 1;
    await look();
    const expected = Array.from({ length: committed - 2 }, (_, index) => index + 1);
    expect(await roundsGone(id, committed)).toEqual(expected);
  });

  it('keeps those of a job that archives them', async () => {
    await open({ deltas: '1 round' });
    const id = await federation.submit({ rounds: 3, minSites: 3, archive: true });
    await workUntil(id, ({ status }) => status === 'completed');
    await look();
    expect(await roundsGone(id, 3)).toEqual([]);
  });
});

describe('fedvox job delete', () => {
  beforeEach(() => open({}));

  it('removes what an ended job left once its name is given, and nothing of another job', async () => {
    const id = await federation.submit({ rounds: 1, minSites: 3 });
    await workUntil(id, ({ status }) => status === 'completed');
    const other = await federation.submit({ rounds: 1, minSites: 3 });
    const wrong = await command('job', 'delete', id, '--confirm', id);
    expect(wrong.exitCode).toBe(1);
    expect(wrong.stderr).toContain('its name, which confirms it, is tiny');
    const unasked = await command('job', 'delete', id);
    expect(unasked.stderr).toContain('→ Add --confirm tiny');
    const running = await command('job', 'delete', other, '--confirm', 'tiny');
    expect(running.stderr).toContain('only a completed or aborted job can be deleted');
    aheadMs = DAY_MS;
    const { exitCode, stdout } = await command('job', 'delete', id, '--confirm', 'tiny', '--json');
    expect(exitCode).toBe(0);
    // Three deltas and the model; the job's definition and the first model are the other's, too.
    expect(JSON.parse(stdout)).toMatchObject({ id, blobs: 4 });
    const ids = (await federation.operator.jobs()).map((job) => job.id);
    expect(ids).toEqual([other]);
    expect(await blobNames()).toHaveLength(2);
    await federation.operator.abortJob(other);
  });

  it('asks a person at a terminal for the name', async () => {
    const id = await federation.submit({ rounds: 1 });
    await federation.operator.abortJob(id);
    const stdin = Object.assign(new PassThrough(), { isTTY: true });
    const [stdout, stderr] = [new PassThrough(), new PassThrough()];
    const where = ['--coordinator', federation.operatorAddress, '--consortium', consortium.folder];
    const running = run(['job', 'delete', id, ...where], {
      stdin,
      stdout,
      stderr,
      environment: {},
    });
    await until(async () => stderr.readableLength > 0);
    stdin.write('tiny\n');
    expect(await running).toBe(0);
    expect(String(stderr.read())).toContain('Type the job’s name (tiny) to go on: ');
    expect(String(stdout.read())).toContain(`Deleted ${id}: `);
  });
});
