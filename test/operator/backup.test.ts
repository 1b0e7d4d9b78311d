import { mkdtemp, readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLogger } from '@fedvox/base/system';
import { type RunningCoordinator, startCoordinator } from '@fedvox/coordinator';
import type { CoordinatorClient } from '@fedvox/coordinator/client';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createTestConsortium, type TestConsortium } from '../support/consortium.js';
import { reservePorts } from '../support/coordinator-process.js';
import {
  enrollAll,
  INITIAL_WEIGHTS,
  operatorOf,
  type Ports,
  submitTinyJob,
  testConfig,
  waitForJob,
} from '../support/federation.js';
import { type ScriptedSite, WEIGHTS } from '../support/scripted-site.js';
import { digestOf, expectedModel } from '../support/tiny-model.js';
import { fedvox } from './command.js';

let consortium: TestConsortium;
beforeAll(async () => {
  consortium = await createTestConsortium();
});
afterAll(() => consortium.remove());

let folder: string;
let ports: Ports;
let coordinator: RunningCoordinator;
let operator: CoordinatorClient;
let sites: readonly ScriptedSite[];
const start = async (stateDir: string) => {
  const config = testConfig(consortium, join(folder, stateDir), ports);
  coordinator = await startCoordinator(config, { log: silentLogger() });
};
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fedvox-backup-'));
  ports = await reservePorts();
  await start('state');
  operator = operatorOf(consortium, coordinator.httpPort);
  sites = await enrollAll(consortium, operator);
  const yaml = {
    federation: 'testfed',
    stateDir: 'state',
    consortiumDir: consortium.folder,
    publicHost: 'localhost',
    listen: { host: 'localhost', ...ports },
  };
  await writeFile(join(folder, 'coordinator.yaml'), JSON.stringify(yaml));
});
afterEach(async () => {
  for (const site of sites) site.close();
  operator.close();
  await coordinator.stop();
  await rm(folder, { recursive: true });
});

async function workUntil(id: string, isReached: Parameters<typeof waitForJob>[2]) {
  const stop = new AbortController();
  const working = sites.map((site) => site.work(stop.signal));
  const job = await waitForJob(operator, id, isReached);
  stop.abort();
  await Promise.all(working);
  return job;
}

const backUp = (output: string, ...more: string[]) => {
  const config = join(folder, 'coordinator.yaml');
  const words = ['coordinator', 'backup', '--config', config, '--output', join(folder, output)];
  return fedvox({}, ...words, ...more);
};

function finalModel(rounds: number) {
  const updates = ['east', 'north', 'south'].map((site) => ({
    site,
    weight: WEIGHTS[site] as number,
  }));
  let model = INITIAL_WEIGHTS;
  for (let round = 1; round <= rounds; round++) model = expectedModel(model, round, updates);
  return digestOf(model);
}

describe('fedvox coordinator backup', () => {
  it('of a running coordinator takes its place and ends the job in the same bytes', async () => {
    const id = await submitTinyJob(operator, folder, { rounds: 4, minSites: 3 });
    await workUntil(id, ({ current }) => (current?.round ?? 0) >= 3);
    const { exitCode, stdout } = await backUp('backup', '--json');
    expect(exitCode).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      blobs: expect.any(Number),
      bytes: expect.any(Number),
    });
    // What happened after the backup is lost with the disk.
    await workUntil(id, ({ status }) => status === 'completed');
    await coordinator.stop();
    await rm(join(folder, 'state'), { recursive: true });

    await start('backup');
    expect((await operator.job(id)).status).toBe('running');
    const job = await workUntil(id, ({ status }) => status === 'completed');
    expect(job.rounds.at(-1)?.modelSha256).toBe(finalModel(4));
  });

  it('is for its owner only, and tells what it holds', async () => {
    await backUp('backup');
    for (const name of ['', 'state.sqlite', 'backup.json']) {
      expect((await stat(join(folder, 'backup', name))).mode & 0o077).toBe(0);
    }
    const about = JSON.parse(await readFile(join(folder, 'backup', 'backup.json'), 'utf8'));
    expect(about).toMatchObject({ kind: 'fedvox/backup/v1', federation: 'testfed', blobs: 0 });
  });

  it('of a coordinator that is stopped reads its files', async () => {
    const id = await submitTinyJob(operator, folder, { rounds: 1, minSites: 3 });
    await coordinator.stop();
    expect(await backUp('backup')).toMatchObject({ exitCode: 0 });
    await start('backup');
    expect((await operator.job(id)).status).toBe('running');
  });

  it('is never written over anything', async () => {
    await backUp('backup');
    const again = await backUp('backup');
    expect(again.exitCode).toBe(1);
    expect(again.stderr).toMatch(/^error: .*backup is not empty; a backup is never written over/);
  });

  it('is given up, and leaves nothing, where bytes are not what their name says', async () => {
    const id = await submitTinyJob(operator, folder, { rounds: 1, minSites: 3 });
    const [name = ''] = (await readdir(join(folder, 'state', 'blobs'), { recursive: true })).filter(
      (each) => each.length > 60,
    );
    const path = join(folder, 'state', 'blobs', name);
    await truncate(path, (await stat(path)).size - 1);
    const { exitCode, stderr } = await backUp('backup');
    expect(exitCode).toBe(1);
    expect(stderr).toContain(`for ${path} cannot be copied: its bytes have digest`);
    expect((await readdir(folder)).sort()).toEqual([
      'coordinator.yaml',
      'initial.safetensors',
      'state',
    ]);
    await operator.abortJob(id);
  });
});
