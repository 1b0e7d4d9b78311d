import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFile, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { seededRandom } from '@fedvox/base';
import { sha256File } from '@fedvox/base/system';
import { type Job, jobDigest, newJobSchema } from '@fedvox/job';
import { jobOfModel } from '@fedvox/learning';
import { phantomSchema, writeHospital } from '@fedvox/simulator';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { FEDVOX } from './fedvox-command.js';
import { tinyJob } from './tiny-federation.js';

const PATIENTS = phantomSchema.parse({
  kind: 'phantom',
  cases: 4,
  scanner: { spacingMm: [8, 8, 8] },
});
const ENOUGH_WRITES = 10_000;
/** `FEDVOX_TRAIN_KILLS` says how often; elsewhere a few stand for them. */
const KILLS = Number(process.env.FEDVOX_TRAIN_KILLS ?? 4);
/** Many processes are started one after the other: slow on a busy machine, and nothing else. */
vi.setConfig({ testTimeout: 300_000 + KILLS * 60_000, hookTimeout: 120_000 });
const RESUMABLE = { epochs: 3, flags: ['--checkpoint-every', '1', '--resume'] } as const;
/** Of such a training, about: the first and the last are not hit. */
const WRITES = 120;

/** Of few tensors, so that there are few writes; its successor's classes are its own, two exchanged. */
const older: Job = newJobSchema.parse({
  ...tinyJob(1),
  network: { kind: 'unet', inChannels: 1, channels: [2, 2], strides: [2], residualUnits: 0 },
});
const younger: Job = { ...older, classes: ['background', 'lesion', 'organ'] };

let folder: string;
/** How many trainings did from a later epoch than the first. */
let wentOn = 0;
const at = (name: string) => join(folder, name);

/** Kills its own process right before its `lifeWrites + 1`st write, flush or rename. */
const mortal = (lifeWrites: number) => `
  import fs from 'node:fs';
  import { syncBuiltinESMExports } from 'node:module';
  let left = ${lifeWrites};
  const mortally = (owner, name) => {
    const original = owner[name];
    owner[name] = function (...args) {
      if (left-- === 0) process.kill(process.pid, 'SIGKILL');
      return original.apply(this, args);
    };
  };
  const handle = await fs.promises.open(process.execPath);
  const FileHandle = Object.getPrototypeOf(handle);
  await handle.close();
  for (const name of ['write', 'writeFile', 'sync']) mortally(FileHandle, name);
  for (const name of ['rename', 'writeFile', 'unlink']) mortally(fs.promises, name);
  syncBuiltinESMExports();
`;

/** Trains; whether it lived to its end. */
async function train(
  job: string,
  output: string,
  { lifeWrites = ENOUGH_WRITES, epochs = 1, flags = [] as readonly string[] } = {},
): Promise<boolean> {
  const preload = `data:text/javascript,${encodeURIComponent(mortal(lifeWrites))}`;
  const args = [
    ...['--import', preload, FEDVOX.entry, 'model', 'train', at(job)],
    ...['--data', at('data'), '--epochs', String(epochs), '--output', at(output)],
    ...['--cache', at('cache'), '--threads', '1', '--json', ...flags],
  ];
  const child = spawn(FEDVOX.node, args, { stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  child.stderr?.on('data', (chunk) => {
    said += chunk;
  });
  const [exitCode, signal] = await once(child, 'close');
  if (/Going on in epoch [23]/.test(said)) wentOn++;
  if (signal === 'SIGKILL') return false;
  expect(exitCode, said).toBe(0);
  return true;
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fedvox-model-kill-'));
  await writeHospital(at('data'), 'north', PATIENTS, 3);
  await writeFile(at('older.json'), JSON.stringify(older));
  await writeFile(at('younger.json'), JSON.stringify(younger));
  await train('older.json', 'older.safetensors');
  await train('younger.json', 'younger.safetensors');
});
afterAll(() => rm(folder, { recursive: true }));

describe('fedvox model train, killed', () => {
  it('at any write leaves one whole model with its own job: the older one or its successor', async () => {
    const digests = {
      older: await sha256File(at('older.safetensors')),
      younger: await sha256File(at('younger.safetensors')),
    };
    const found = new Set<string>();
    let deaths = 0;
    for (let life = 0; !found.has('successor'); life++) {
      await copyFile(at('older.safetensors'), at('model.safetensors'));
      await rm(at('model.checkpoint.safetensors'), { force: true });
      const isAlive = await train('younger.json', 'model.safetensors', { lifeWrites: life });
      const isSuccessor = (await sha256File(at('model.safetensors'))) === digests.younger;
      if (!isSuccessor) expect(await sha256File(at('model.safetensors'))).toBe(digests.older);
      const job = await jobOfModel(at('model.safetensors'));
      expect(jobDigest(job)).toBe(jobDigest(isSuccessor ? younger : older));
      found.add(isSuccessor ? 'successor' : 'older');
      if (!isAlive) deaths++;
    }
    expect(found).toEqual(new Set(['older', 'successor']));
    // A header, its tensors, a flush, a rename and the folder's flush.
    expect(deaths).toBeGreaterThan(10);
  });

  it('at any step and resumed, again and again, ends in the same bytes', async () => {
    await train('younger.json', 'calm.safetensors', RESUMABLE);
    const random = seededRandom('kills');
    let deaths = 0;
    while (deaths < KILLS) {
      const lifeWrites = 1 + random.below(WRITES);
      if (!(await train('younger.json', 'resumed.safetensors', { ...RESUMABLE, lifeWrites }))) {
        deaths++;
        continue;
      }
      await expectCalmEnd();
    }
    expect(await train('younger.json', 'resumed.safetensors', RESUMABLE)).toBe(true);
    await expectCalmEnd();
    expect(wentOn).toBeGreaterThan(KILLS / 4);
  });
});

async function expectCalmEnd(): Promise<void> {
  expect(await sha256File(at('resumed.safetensors'))).toBe(
    await sha256File(at('calm.safetensors')),
  );
  expect((await readdir(folder)).filter((name) => name.includes('checkpoint'))).toEqual([]);
}
