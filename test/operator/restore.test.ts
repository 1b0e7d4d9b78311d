import { cp, mkdir, mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { silentLogger } from '@fedvox/base/system';
import {
  type CoordinatorConfig,
  coordinatorConfigSchema,
  type RunningCoordinator,
  startCoordinator,
} from '@fedvox/coordinator';
import type { CoordinatorClient } from '@fedvox/coordinator/client';
import { encodeWeights } from '@fedvox/weights';
import { afterEach, beforeAll, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { TestS3 } from '../../packages/coordinator/src/testing/s3-server.js';
import { createTestConsortium, type TestConsortium } from '../support/consortium.js';
import { reservePorts } from '../support/coordinator-process.js';
import {
  enrollAll,
  INITIAL_WEIGHTS,
  operatorOf,
  type Ports,
  submitTinyJob,
  testConfig,
} from '../support/federation.js';
import type { ScriptedSite } from '../support/scripted-site.js';
import { fedvox } from './command.js';

/** A restored backup never lets anybody back in who was revoked since it was made. */
let template: TestConsortium;
let root: string;
let consortium: TestConsortium;
let ports: Ports;
let config: CoordinatorConfig;
let coordinator: RunningCoordinator;
let operator: CoordinatorClient;
let sites: ScriptedSite[];
let job: string;
beforeAll(async () => {
  template = await createTestConsortium();
  return () => template.remove();
});
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'fedvox-restore-'));
  consortium = { ...template, folder: join(root, 'consortium') };
  await cp(template.folder, consortium.folder, { recursive: true });
  ports = await reservePorts();
  await configure({});
  await start();
  sites = await enrollAll(consortium, operator);
  await operator.revokeSite('east');
  job = await submitTinyJob(operator, root, { rounds: 2, minSites: 2 });
  expect(await typed('backup', '--output', join(root, 'backup'))).toMatchObject({ exitCode: 0 });
});
afterEach(async () => {
  for (const site of sites) site.close();
  await stop();
  await rm(root, { recursive: true });
});

/** What its file says, and the coordinator that starts next. */
async function configure(changes: { stateDir?: string; blobs?: string | object }): Promise<void> {
  config = coordinatorConfigSchema.parse({
    ...testConfig(consortium, join(root, 'state'), ports),
    ...changes,
  });
  const { federation, stateDir, consortiumDir, publicHost, listen, blobs } = config;
  const yaml = { federation, stateDir, consortiumDir, publicHost, listen, blobs };
  await writeFile(join(root, 'coordinator.yaml'), JSON.stringify(yaml));
}

async function start(): Promise<void> {
  coordinator = await startCoordinator(config, { log: silentLogger() });
  operator = operatorOf(consortium, coordinator.httpPort);
}

async function stop(): Promise<void> {
  operator.close();
  await coordinator.stop();
}

const typed = (verb: string, ...more: string[]) =>
  fedvox({}, 'coordinator', verb, '--config', join(root, 'coordinator.yaml'), ...more);
const restore = (...more: string[]) => typed('restore', '--backup', join(root, 'backup'), ...more);
/** What the job began with, as the coordinator hands it out. */
const firstModel = async () => {
  const [first] = (await operator.job(job)).rounds;
  const path = join(root, 'first-model');
  await operator.getBlob(first?.modelSha256 ?? '', path);
  return readFile(path);
};
const revocations = () => join(consortium.folder, 'revocations.jsonl');

/** The host's disk is lost, with all that happened since the backup. */
async function loseState(): Promise<void> {
  await stop();
  await rm(config.stateDir, { recursive: true });
}

async function outcomeOf(name: string): Promise<string> {
  const client = sites
    .find((each) => each.name === name)
    ?.dial(`localhost:${coordinator.federationPort}`);
  return (
    client
      ?.hello(['delta-f32'])
      .then(
        () => 'accepted',
        (error) => error.code as string,
      )
      .finally(() => client.close()) ?? 'nobody'
  );
}

describe('fedvox coordinator restore', () => {
  it('brings the state back, and keeps out whoever was revoked since', async () => {
    await operator.revokeSite('north');
    await loseState();
    const { exitCode, stdout, stderr } = await restore('--json');
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
    expect(JSON.parse(stdout)).toMatchObject({ revocationsSince: 1, blobs: 2 });
    await start();
    expect((await operator.job(job)).status).toBe('running');
    expect(await outcomeOf('north')).toBe('refused/revoked');
    expect(await outcomeOf('east')).toBe('refused/revoked');
    expect(await outcomeOf('south')).toBe('accepted');
  });

  it('asks who was revoked since where the file that says so is lost, and takes a person’s word', async () => {
    await operator.revokeSite('north');
    await loseState();
    await rm(revocations());
    const asked = await restore();
    expect(asked.exitCode).toBe(1);
    expect(asked.stderr).toMatch(
      /does not say who was revoked since .*: it is not there\n→ Put the newest copy/,
    );
    expect(await readdir(root)).not.toContain('state');
    const typo = await restore('--revoked', 'nort');
    expect(typo.stderr).toContain('the backup knows no site and no operator nort');
    expect(await restore('--revoked', 'north')).toMatchObject({ exitCode: 0 });
    await start();
    expect(await outcomeOf('north')).toBe('refused/revoked');
    // What the backup itself knew.
    expect(await outcomeOf('east')).toBe('refused/revoked');
    expect(await outcomeOf('south')).toBe('accepted');
  });

  it('puts the state where the configuration has it by now, and its bytes into a folder of their own', async () => {
    await loseState();
    await configure({ stateDir: join(root, 'new-host'), blobs: join(root, 'large-disk') });
    expect(await restore()).toMatchObject({ exitCode: 0 });
    expect(await readdir(root)).not.toContain('state');
    expect(await readdir(config.stateDir)).not.toContain('blobs');
    await start();
    expect((await operator.job(job)).status).toBe('running');
    expect(await firstModel()).toEqual(Buffer.from(encodeWeights(INITIAL_WEIGHTS)));
  });

  it('asks a bucket for the bytes before it says that a state is there', async () => {
    await loseState();
    const s3 = await TestS3.open();
    onTestFinished(async () => {
      vi.unstubAllEnvs();
      await s3.close();
    });
    for (const [name, value] of Object.entries(s3.environment)) vi.stubEnv(name, value);
    await configure({ blobs: { bucket: s3.bucket, endpoint: s3.endpoint, pathStyle: true } });
    const lacking = await restore();
    expect(lacking.stderr).toMatch(/of bucket federation is not what was written: it is not there/);
    expect(await readdir(root)).not.toContain('state');
    for (const path of await readdir(join(root, 'backup', 'blobs'), { recursive: true })) {
      if (basename(path).length < 60) continue;
      const bytes = await readFile(join(root, 'backup', 'blobs', path));
      s3.objects.set(path, { bytes, storedAtMs: Date.now(), headers: {} });
    }
    expect(await restore()).toMatchObject({ exitCode: 0 });
    await start();
    expect(await firstModel()).toEqual(Buffer.from(encodeWeights(INITIAL_WEIGHTS)));
  });

  it('finds a file out that is older than the backup', async () => {
    await loseState();
    await writeFile(revocations(), '');
    const { stderr } = await restore();
    expect(stderr).toContain(
      'it is older than the backup, which knows that these were revoked: east',
    );
    expect(await restore('--none-revoked')).toMatchObject({ exitCode: 0 });
    await start();
    expect(await outcomeOf('east')).toBe('refused/revoked');
  });

  it('cannot be gone round by putting the backup in the place of the state by hand', async () => {
    await operator.revokeSite('north');
    await loseState();
    const newest = await readFile(revocations());
    await rm(revocations());
    await cp(join(root, 'backup'), config.stateDir, { recursive: true });
    await expect(start()).rejects.toMatchObject({ code: 'coordinator/revocations-lost' });
    await writeFile(revocations(), newest);
    await start();
    expect(await outcomeOf('north')).toBe('refused/revoked');
    await stop();
    await start();
    expect(await outcomeOf('south')).toBe('accepted');
  });

  it('never restores over a state, nor another federation’s backup, nor one that is damaged', async () => {
    const occupied = await restore();
    expect(occupied.stderr).toContain('a backup is never restored over a state');
    await loseState();
    const none = await typed('restore', '--backup', root);
    expect(none.stderr).toContain('is no backup of a coordinator');
    const blobs = await readdir(join(root, 'backup', 'blobs'), { recursive: true });
    const blob = join(root, 'backup', 'blobs', blobs.find((each) => each.length > 60) as string);
    const whole = await readFile(blob);
    await truncate(blob, whole.byteLength - 1);
    expect((await restore()).stderr).toMatch(/cannot be restored, for .* is not what was written/);
    await writeFile(blob, whole);
    const state = join(root, 'backup', 'state.sqlite');
    const rows = await readFile(state);
    await writeFile(state, Buffer.concat([rows, Buffer.alloc(1)]));
    expect((await restore()).stderr).toMatch(
      /state\.sqlite is not what was written: its bytes have/,
    );
    await writeFile(state, rows);
    const note = join(root, 'backup', 'backup.json');
    await writeFile(note, (await readFile(note, 'utf8')).replace('testfed', 'elsewhere'));
    expect((await restore()).stderr).toContain('is a backup of federation elsewhere');
    await mkdir(config.stateDir);
    expect((await readdir(root)).filter((name) => name.startsWith('.'))).toEqual([]);
    await start();
  });
});
