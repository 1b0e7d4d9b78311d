import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { planRun } from './plan.js';
import { loadScenario } from './scenario.js';

const JOB = `
  name: hippocampus
  classes: [background, anterior]
  preprocess: [{kind: orient}]
  network: {kind: unet, channels: [8, 16], strides: [2]}
  training: {batchSize: 2}
  evaluation: {bestBy: dice, auc: {level: voxel, classes: [anterior]}}
  federation: {rounds: 5, minSites: 1}
  seed: 7
`;
const HEAD = 'name: tale\ndescription: Two sites.\nfederation: consortium\n';
const SITES = `sites:
  - {name: site-a, data: {kind: msd, path: hippocampus, site: site-a}}
  - {name: site-b, data: {kind: phantom, cases: 9, scanner: {spacingMm: [3, 3, 3]}}}
`;
const ON_CPU =
  'onCpu: {rounds: 2, phantomCases: 4, preprocess: [{kind: zscore}], network: {kind: unet, channels: [2, 4], strides: [2]}}\n';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fedvox-scenario-'));
});
afterEach(() => rm(folder, { recursive: true }));

async function load(text: string) {
  const path = join(folder, 'tale.yaml');
  await writeFile(path, text);
  return loadScenario(path);
}

describe('a scenario', () => {
  it('carries its job, or names the file that does', async () => {
    const inline = await load(`${HEAD}${SITES}job:${JOB}`);
    await writeFile(join(folder, 'job.yaml'), JOB.replaceAll('\n  ', '\n'));
    const byFile = await load(`${HEAD}${SITES}jobFile: job.yaml\n`);
    expect(inline.job.federation.rounds).toBe(5);
    expect(byFile).toEqual(inline);
  });

  it('is refused with the line of everything that is wrong in it', async () => {
    const text = `${HEAD}colour: red\n${SITES.replace('site-b', 'site-a')}job:${JOB.replace('bestBy: dice', 'bestBy: accuracy')}`;
    await expect(load(text)).rejects.toThrow(
      expect.objectContaining({
        code: 'base/config-invalid',
        message: expect.stringMatching(
          /line 14: job\.evaluation\.bestBy: unknown metric "accuracy"; known metrics: dice, auc/,
        ),
      }),
    );
    await expect(load(text)).rejects.toThrow(/colour: there is no such key/);
  });

  it('is refused with the lines of events that cannot happen, be its job a file of its own', async () => {
    const events =
      'events:\n  - {kind: leave, site: site-c, round: 2}\n  - {kind: crash, site: site-a, round: 6}\n';
    await writeFile(join(folder, 'job.yaml'), JOB.replaceAll('\n  ', '\n'));
    const known = events.replace('site-c', 'site-b');
    await expect(load(`${HEAD}${known}${SITES}jobFile: job.yaml\n`)).rejects.toThrow(
      /has 1 problem[\s\S]*line 6: events\.1\.round: is after the last of 5 rounds/,
    );
    await expect(load(`${HEAD}${events}${SITES}job:${JOB}`)).rejects.toThrow(
      /has 2 problem[\s\S]*line 5: events\.0\.site: is no site[\s\S]*line 6: events\.1\.round: is after/,
    );
  });

  it('is refused for a typo, an impossible event, a job’s file and a missing data set at once', async () => {
    const events =
      'evnts: []\nevents:\n  - {kind: crash, site: site-a, round: 6}\n  - {kind: leave, site: site-a}\n';
    const job = JOB.replaceAll('\n  ', '\n');
    await writeFile(join(folder, 'job.yaml'), job);
    const path = join(folder, 'tale.yaml');
    await writeFile(path, `${HEAD}${events}${SITES}jobFile: job.yaml\n`);
    const told = await loadScenario(path, folder).catch(({ message }: Error) => message);
    expect(String(told).replaceAll(folder, 'DIR').split('\n')).toEqual([
      'scenario DIR/tale.yaml has 4 problem(s):',
      '  line 7: events.1.round: Invalid input: expected number, received undefined',
      '  line 4: evnts: there is no such key; did you mean "events"?',
      '  line 6: events.0.round: is after the last of 5 rounds',
      '  line 9: sites.0.data.path: hippocampus is not below DIR: give --data the folder that holds it',
    ]);
    await writeFile(join(folder, 'job.yaml'), job.replace('rounds: 5', 'rounds: 0'));
    await expect(loadScenario(path, folder)).rejects.toThrow(
      /has 4 problem[\s\S]*jobFile: job [^\n]*job.yaml has 1 problem[^\n]*\n {4}line 8: federation.rounds/,
    );
  });

  it('is refused when two sites have one name, or when it has no job', async () => {
    await expect(load(`${HEAD}${SITES.replace('site-b', 'site-a')}job:${JOB}`)).rejects.toThrow(
      /line 6: sites\.1\.name: is the name of two sites: site-a/,
    );
    await expect(load(`${HEAD}${SITES}`)).rejects.toThrow(/give either "job" or "jobFile"/);
  });
});

describe('a scenario of many sites', () => {
  const SURROGATE = 'mode: virtual\nsurrogate: {spread: 0.5}\n';
  const crowd = (more = '') =>
    `${HEAD}${SURROGATE}sites: [{name: clinic, count: 12}]\n${more}job:${JOB}`;

  it('names each by its number, and gives it a loss in the place of scans', async () => {
    const { sites, surrogate } = await load(crowd());
    expect(sites.map(({ name }) => name)).toContain('clinic-07');
    expect(sites).toHaveLength(12);
    expect(surrogate).toMatchObject({ spread: 0.5, parameters: 200 });
    const plan = planRun(await load(crowd()), { engine: 'cpu', cores: 2 });
    expect(plan.surrogate?.seed).toBe(7);
    expect(plan.job.federation.sites).toContain('clinic-12');
  });

  it('has events for each of them, and no name twice', async () => {
    const leave = (site: string) => `events: [{kind: leave, site: ${site}, round: 2}]\n`;
    expect((await load(crowd(leave('clinic-03')))).events).toHaveLength(1);
    await expect(load(crowd(leave('clinic-3')))).rejects.toThrow(/is no site of this scenario/);
    const twice = crowd().replace('count: 12}', 'count: 12}, {name: clinic-04}');
    await expect(load(twice)).rejects.toThrow(/is the name of two sites: clinic-04/);
  });

  it('has no scans beside a surrogate, and does not run in real time', async () => {
    await expect(load(`${HEAD}${SURROGATE}${SITES}job:${JOB}`)).rejects.toThrow(
      /line \d+: sites\.0\.data: is given its cases by the surrogate: take this out/,
    );
    const options = { engine: 'cpu', cores: 2, mode: 'real' } as const;
    const scenario = await load(crowd());
    expect(() => planRun(scenario, options)).toThrow(
      expect.objectContaining({ code: 'simulator/surrogate-needs-virtual-time' }),
    );
  });
});

describe('the plan of a run', () => {
  const machine = { engine: 'torch', cores: 8 } as const;

  it('invites every site, finds their data and shares the cores', async () => {
    const scenario = await load(`${HEAD}${SITES}job:${JOB}`);
    await mkdir(join(folder, 'hippocampus'));
    const plan = planRun(scenario, { ...machine, dataDir: folder, rounds: 3, seed: 11 });
    expect(plan.job.federation).toMatchObject({ rounds: 3, sites: ['site-a', 'site-b'] });
    expect(plan.job.seed).toBe(11);
    expect(plan.threads).toBe(4);
    expect(plan.sites[0]?.data).toMatchObject({
      kind: 'msd',
      path: join(folder, 'hippocampus'),
      site: 'site-a',
    });
    expect(plan.notes).toEqual([]);
    expect([plan.device, plan.precision]).toEqual(['auto', 'auto']);
  });

  it('hands on to the sites where and in what to compute', async () => {
    await mkdir(join(folder, 'hippocampus'));
    const settings = 'device: cpu\nprecision: float32\n';
    const scenario = await load(`${HEAD}${settings}${SITES}job:${JOB}`);
    const plan = planRun(scenario, { ...machine, dataDir: folder });
    expect([plan.device, plan.precision]).toEqual(['cpu', 'float32']);
    await expect(load(`${HEAD}device: gpu\n${SITES}job:${JOB}`)).rejects.toThrow(/device.*cuda/);
  });

  it('accepts the data folder itself as well as the folder around it', async () => {
    const scenario = await load(`${HEAD}${SITES}job:${JOB}`);
    const dataDir = join(folder, 'hippocampus');
    await mkdir(dataDir);
    expect(planRun(scenario, { ...machine, dataDir }).sites[0]?.data).toMatchObject({
      path: dataDir,
    });
  });

  it('says which folder is missing and what to give', async () => {
    const scenario = await load(`${HEAD}${SITES}job:${JOB}`);
    expect(() => planRun(scenario, machine)).toThrow(
      expect.objectContaining({ code: 'simulator/data-option-missing' }),
    );
    expect(() => planRun(scenario, { ...machine, dataDir: folder })).toThrow(
      expect.objectContaining({ code: 'simulator/data-folder-missing' }),
    );
  });

  it('is scaled down on the cpu engine, and says so', async () => {
    const scenario = await load(`${HEAD}${SITES}${ON_CPU}job:${JOB}`);
    await mkdir(join(folder, 'hippocampus'));
    const plan = planRun(scenario, { engine: 'cpu', cores: 1, dataDir: folder });
    expect(plan.job.network).toMatchObject({ channels: [2, 4] });
    expect(plan.job.preprocess).toEqual([{ kind: 'zscore', nonzero: false }]);
    expect(plan.job.federation.rounds).toBe(2);
    expect(plan.sites[1]?.data).toMatchObject({ cases: 4 });
    expect(plan.threads).toBe(1);
    expect(plan.notes).toEqual([expect.stringContaining('cpu engine')]);
    const whole = planRun(scenario, { ...machine, dataDir: folder });
    expect(whole.job.network).toMatchObject({ channels: [8, 16] });
  });
});
