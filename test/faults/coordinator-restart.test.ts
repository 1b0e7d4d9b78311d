import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLogger, type Logger, silentLogger, systemClock } from '@fedvox/base/system';
import { type RunningCoordinator, startCoordinator } from '@fedvox/coordinator';
import type { CoordinatorClient } from '@fedvox/coordinator/client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTestConsortium, type TestConsortium } from '../support/consortium.js';
import { reservePorts } from '../support/coordinator-process.js';
import {
  enrollAll,
  INITIAL_WEIGHTS,
  operatorOf,
  submitTinyJob,
  testConfig,
  waitForJob,
} from '../support/federation.js';
import { type ScriptedSite, WEIGHTS } from '../support/scripted-site.js';
import { digestOf, expectedModel } from '../support/tiny-model.js';

/** For which an operator's client asks to wait. */
const WAIT_MS = 1_500;

describe('a coordinator that is stopped and started again', () => {
  let consortium: TestConsortium;
  let stateDir: string;
  let coordinator: RunningCoordinator;
  let operator: CoordinatorClient;
  let sites: readonly ScriptedSite[];
  let start: () => Promise<RunningCoordinator>;
  const site = (name: string) => sites.find((each) => each.name === name) as ScriptedSite;
  beforeAll(async () => {
    consortium = await createTestConsortium();
    stateDir = await mkdtemp(join(tmpdir(), 'fedvox-restart-'));
    const config = testConfig(consortium, stateDir, await reservePorts());
    start = () => startCoordinator(config, { log: silentLogger() });
    coordinator = await start();
    operator = operatorOf(consortium, coordinator.httpPort);
    sites = await enrollAll(consortium, operator);
  });
  afterAll(async () => {
    for (const each of sites) each.close();
    operator.close();
    await coordinator.stop();
    await consortium.remove();
    await rm(stateDir, { recursive: true });
  });
  const restart = async () => {
    await coordinator.stop();
    coordinator = await start();
  };

  it('continues an upload at the byte where it was', async () => {
    const id = await submitTinyJob(operator, stateDir, { rounds: 1, minSites: 3 });
    await Promise.all(sites.map((each) => each.workOnce()));
    await Promise.all(['east', 'south'].map((name) => site(name).workOnce()));
    const { client } = site('north');
    const update = site('north').sign(await site('north').nextRoundTask());
    const position = await client.beginUpload(update.envelope);
    await client.upload(position, chunk(update.delta.subarray(0, 123)));

    await restart();

    const early = mended(() => client.submit(position.statement));
    await expect(early).rejects.toMatchObject({ code: 'refused/upload-unknown' });
    const again = await client.beginUpload(update.envelope);
    expect(again).toEqual({ ...position, offset: 123 });
    await client.upload(again, chunk(update.delta.subarray(123)));
    await client.submit(position.statement);

    await Promise.all(sites.map((each) => each.workOnce()));
    const job = await waitForJob(operator, id, ({ status }) => status === 'completed');
    const updates = Object.entries(WEIGHTS).map(([name, weight]) => ({ site: name, weight }));
    expect(job.rounds[1]?.modelSha256).toBe(digestOf(expectedModel(INITIAL_WEIGHTS, 1, updates)));
  });

  it('keeps one upload per site, and drops it for a newer one', async () => {
    const id = await submitTinyJob(operator, stateDir, { rounds: 1, minSites: 3 });
    await Promise.all(sites.map((each) => each.workOnce()));
    const north = site('north');
    const task = await north.nextRoundTask();
    const [first, second] = [north.sign(task), north.sign(task)];
    const older = await north.client.beginUpload(first.envelope);
    await north.client.upload(older, chunk(first.delta));
    const newer = await north.client.beginUpload(second.envelope);
    expect(newer.offset).toBe(0);
    const stale = north.client.submit(older.statement);
    await expect(stale).rejects.toMatchObject({ code: 'refused/upload-unknown' });
    await operator.abortJob(id);
  });

  it('remembers what a site has spoilt, of whatever job, and does not wait for it again', async () => {
    const submit = () => submitTinyJob(operator, stateDir, { rounds: 1, minSites: 2 });
    const [first, second] = [await submit(), await submit()];
    for (const _ of [first, second]) await Promise.all(sites.map((each) => each.workOnce()));
    const spoil = async () => {
      const task = await site('east').nextRoundTask();
      const delta = Buffer.alloc(site('east').sign(task).delta.byteLength, 'no weights');
      const delivery = site('east').deliver(site('east').sign(task, { delta }));
      await expect(delivery).rejects.toMatchObject({ code: 'refused/delta-not-safetensors' });
      return task.job;
    };
    const spoilt = [await spoil(), await spoil()];
    await restart();
    await operator.abortJob(first);
    const left = await mended(spoil);
    expect([...spoilt, left]).toEqual([first, first, second]);
    await Promise.all(['north', 'south'].map((name) => site(name).workOnce()));
    const job = await waitForJob(operator, left, ({ current }) => current?.kind === 'evaluate');
    const updates = ['north', 'south'].map((name) => ({ site: name, weight: WEIGHTS[name] ?? 0 }));
    expect(job.rounds[1]?.modelSha256).toBe(digestOf(expectedModel(INITIAL_WEIGHTS, 1, updates)));
    await operator.abortJob(left);
  });

  it('still holds a job paused, and a deadline as it was', async () => {
    const id = await submitTinyJob(operator, stateDir, { rounds: 1, minSites: 3, deadline: '2h' });
    const { current } = await operator.job(id);
    await restart();
    expect((await operator.job(id)).current?.deadlineAtMs).toBe(current?.deadlineAtMs);
    await operator.pauseJob(id);
    await restart();
    expect(await operator.job(id)).toMatchObject({ status: 'paused' });
    await operator.abortJob(id);
  });

  it('ends a job early by figures from before and after, and takes its last model for the best', async () => {
    const selection = { over: 'worst', patience: 1, minGain: 0.15 } as const;
    const id = await submitTinyJob(operator, stateDir, { rounds: 9, minSites: 3, selection });
    // The gate, three rounds of training, and the last model's evaluation.
    for (let turn = 1; turn <= 5; turn++) {
      await Promise.all(sites.map((each) => mended(() => each.workOnce())));
      await restart();
    }
    const job = await waitForJob(operator, id, ({ status }) => status === 'completed');
    expect(job).toMatchObject({ reason: 'no-more-gain', round: 3, best: { round: 3 }, selection });
    const facts = (await operator.events(0)).filter(({ jobId }) => jobId === id);
    expect(facts.map(({ fact }) => fact)).toContainEqual({
      ...{ kind: 'no-more-gain', round: 3, lastGain: 1 },
    });
  });

  it('ends at once though an operator waits for news, and complains of nothing', async () => {
    await coordinator.stop();
    const errors: unknown[] = [];
    const log: Logger = createLogger({ name: 'coordinator', level: 'error' });
    log.error = (...words: unknown[]) => void errors.push(words);
    const config = testConfig(consortium, stateDir, await reservePorts());
    coordinator = await startCoordinator(config, { log });
    const waiting = operatorOf(consortium, coordinator.httpPort);
    const last = (await waiting.events(0, 0)).at(-1)?.sequence ?? 0;
    const news = waiting.events(last, WAIT_MS).then(
      () => 'answered',
      () => 'cut off',
    );
    await waiting.jobs(); // it has come in before
    await coordinator.stop();
    expect(['answered', 'cut off']).toContain(await news);
    waiting.close();
    // By when it would have looked once more, into a store that is closed.
    await systemClock.sleep(WAIT_MS + 500);
    expect(errors).toEqual([]);
    coordinator = await start();
  }, 20_000);

  it('ends while sites have long polls open, and gives them their task when it is back', async () => {
    const polls = Promise.allSettled(sites.map((each) => each.client.nextTask('idle')));
    await restart();
    await polls;
    const id = await submitTinyJob(operator, stateDir, { rounds: 1, minSites: 3 });
    const task = await mended(() => site('north').client.nextTask('idle'));
    expect(task).toMatchObject({ job: id, work: { kind: 'check-data' } });
  });
});

async function* chunk(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

/** The channel takes a moment to notice that the coordinator is back. */
async function mended<T>(call: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await call();
    } catch (error) {
      if (!(error instanceof Error && 'code' in error)) throw error;
      if (!String(error.code).startsWith('protocol/')) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
