import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '@fedvox/base/system';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { OwnRelease } from '../own-release.js';
import { engineSymptom, gpuSymptom, probeEngine } from './engine-looks.js';
import type { EngineOrder, EngineProbe } from './engine-probe.js';

const ANY: EngineOrder = { engine: 'auto', device: 'auto', precision: 'auto' };
const CPU: EngineOrder = { ...ANY, engine: 'cpu' };
const READY = {
  kind: 'ready',
  name: 'torch',
  description: 'libtorch',
  gpus: 0,
  lack: null,
} as const;
const SLOW: EngineProbe = {
  ...{ kind: 'ready', name: 'cpu', description: 'plain', libtorch: null, gpus: 0 },
  lack: 'it does not load',
};

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'fedvox-doctor-'));
  mkdirSync(join(folder, 'libtorch', 'lib'), { recursive: true });
  writeFileSync(join(folder, 'libtorch', 'lib', 'libtorch_cpu.so'), '');
});
afterAll(() => rmSync(folder, { recursive: true }));

const release = (hasLibtorch: boolean): OwnRelease => ({
  ...{ version: '0.1.0', commit: 'c', platform: 'linux-x64', node: '24', libtorch: '2.13.0' },
  ...{ hasLibtorch, folder },
});
const libtorch = () => join(folder, 'libtorch', 'lib', 'libtorch_cpu.so');

describe('an engine that is ready', () => {
  const text = (own: OwnRelease | undefined, environment = {}) =>
    engineSymptom({ ...READY, libtorch: libtorch() }, ANY, own, environment).text;

  it('says whose libtorch it computes with', () => {
    expect(text(release(true))).toBe("torch: libtorch; libtorch is this release's own");
    expect(text(undefined)).toMatch(/libtorch is the machine's \(\/.*libtorch_cpu\.so\)$/);
    const named = { FEDVOX_LIBTORCH: join(folder, 'libtorch') };
    expect(text(release(true), named)).toContain('libtorch is that of FEDVOX_LIBTORCH');
    // One that is named and another that was loaded: what was loaded counts.
    expect(text(undefined, { FEDVOX_LIBTORCH: '/nowhere' })).toContain("the machine's");
  });

  it('is well where the slow one was asked for, and a warning where it was not', () => {
    expect(engineSymptom(SLOW, CPU, undefined, {})).toMatchObject({ state: 'ok' });
    const inClone = engineSymptom(SLOW, ANY, undefined, {});
    expect(inClone).toMatchObject({
      state: 'warning',
      text: expect.stringContaining('slower than libtorch, because it does not load'),
      advice: expect.stringContaining('npm run setup'),
    });
    const adviceOf = (own: OwnRelease) => engineSymptom(SLOW, ANY, own, {}).advice;
    expect(adviceOf(release(false))).toContain('set FEDVOX_LIBTORCH to a libtorch 2.13.0');
    expect(adviceOf(release(true))).toContain('Unpack the archive again');
  });
});

describe('an engine that cannot be had', () => {
  it('is a failure, with what to do', () => {
    const probe: EngineProbe = { kind: 'failed', message: 'no device', advice: 'Choose another.' };
    expect(engineSymptom(probe, ANY, undefined, {})).toEqual({
      ...{ state: 'failure', text: 'no device', advice: 'Choose another.' },
    });
    expect(gpuSymptom(probe).text).not.toContain('can use');
  });
});

describe('the process that tries the engine', { timeout: 120_000 }, () => {
  const surroundings = { clock: systemClock, environment: process.env };

  it('answers with what was chosen', async () => {
    const probe = await probeEngine(CPU, surroundings);
    expect(probe).toMatchObject({ kind: 'ready', name: 'cpu' });
  });

  it('says why what was asked for is not to be had', async () => {
    const probe = await probeEngine({ ...ANY, device: 'cuda:99' }, surroundings);
    expect(probe).toMatchObject({
      kind: 'failed',
      message: expect.stringContaining('the torch engine cannot be used'),
      advice: expect.stringMatching(/\w/),
    });
  });

  it('may die without taking the doctor along', async () => {
    const environment = {
      ...process.env,
      NODE_OPTIONS: '--import data:text/javascript,process.abort()',
    };
    const probe = await probeEngine(CPU, { ...surroundings, environment });
    expect(probe).toMatchObject({
      kind: 'failed',
      message: expect.stringContaining('ended by SIGABRT'),
      advice: expect.stringMatching(/^Report it/),
    });
  });
});
