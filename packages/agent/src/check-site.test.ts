import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { datasetSpecSchema, writeDicomSeries } from '@fedvox/imaging';
import { type Job, type JobInput, jobSchema } from '@fedvox/job';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { checkSite } from './check-site.js';
import { startAgent } from './compose.js';
import type { WorkProgress } from './core/trainer.js';
import { writePhantoms } from './testing/phantom.js';
import { buildStage, Scene, type Stage } from './testing/scene.js';
import { SURROUNDINGS, TEST_JOB, until } from './testing/site.js';

let stage: Stage;
let scene: Scene;
beforeAll(async () => {
  stage = await buildStage();
});
beforeEach(async () => {
  scene = await Scene.open(stage);
});
afterEach(() => scene.close());

describe('a check of the site', () => {
  it('sends one Hello and nothing else, and says what is wrong with advice', async () => {
    await scene.enrol();
    const { ok, lines } = await checkSite(scene.site, SURROUNDINGS);
    expect(scene.coordinator.calls).toEqual(['enroll', 'hello']);
    expect(ok).toBe(false);
    const data = lines.find(({ what }) => what === 'data');
    expect(data).toMatchObject({ ok: false, advice: expect.stringMatching(/\w/) });
    expect(lines.filter((line) => line.ok).map(({ what }) => what)).toEqual([
      'credentials',
      'coordinator',
      'engine',
    ]);
  });

  it('of a site with several coordinators names the one that answers', async () => {
    await scene.enrol();
    const { address } = scene.coordinator;
    scene.site = { ...scene.site, coordinator: ['localhost:9', address] };
    const expected = expect.stringContaining(`${address} answers for`);
    expect(await coordinatorLine()).toMatchObject({ ok: true, text: expected });
    scene.site = { ...scene.site, coordinator: ['localhost:9', 'localhost:10'] };
    const unreached = expect.stringContaining('cannot reach the coordinator at localhost:10');
    expect(await coordinatorLine()).toMatchObject({ ok: false, text: unreached });
  });

  it('of a site that never enrolled says to enrol', async () => {
    const { lines } = await checkSite(scene.site, SURROUNDINGS);
    expect(lines[0]).toMatchObject({
      what: 'credentials',
      ok: false,
      advice: expect.stringContaining('fedvox agent enroll'),
    });
    expect(scene.coordinator.calls).toEqual([]);
  });

  it('of a state folder that a newer version wrote says so, with advice, and sends nothing', async () => {
    await scene.enrol();
    writeFileSync(scene.folder.version, '{"version":9}');
    const calls = [...scene.coordinator.calls];
    const { ok, lines } = await checkSite(scene.site, SURROUNDINGS);
    expect(ok).toBe(false);
    const [credentials, coordinator] = lines;
    for (const line of [credentials, coordinator]) {
      expect(line).toMatchObject({
        ok: false,
        text: expect.stringContaining('is of version 9; this agent knows 1'),
        advice: expect.stringContaining('or a newer one'),
      });
    }
    expect(scene.coordinator.calls).toEqual(calls);
  });

  it('while the agent runs tells what it last heard, and sends nothing of its own', async () => {
    await scene.enrolAndStart();
    await until(() => existsSync(scene.folder.contact));
    const calls = scene.coordinator.calls.filter((call) => call === 'hello').length;
    const line = await coordinatorLine();
    expect(line).toMatchObject({
      ok: true,
      text: expect.stringMatching(
        /^localhost:\d+ answered the running agent \(process \d+\) \d+ s ago$/,
      ),
    });
    expect(scene.coordinator.calls.filter((call) => call === 'hello')).toHaveLength(calls);
  });

  it('while the agent runs without an answer says why, and what it does about it', async () => {
    await scene.enrolAndStart();
    await until(() => existsSync(scene.folder.contact));
    await scene.coordinator.stop();
    await until(() => !readFileSync(scene.folder.contact, 'utf8').includes('"failure":null'));
    expect(await coordinatorLine()).toMatchObject({
      ok: false,
      text: expect.stringMatching(/^the agent \(process \d+\) runs; \d+ s ago: .*localhost:\d+/),
      advice: expect.stringContaining('It dials again by itself'),
    });
    await scene.coordinator.start();
  });

  const coordinatorLine = async () =>
    (await checkSite(scene.site, SURROUNDINGS)).lines.find(({ what }) => what === 'coordinator');
});

describe('an agent', () => {
  it('whose data folder is missing says so at once', async () => {
    await scene.enrol();
    const path = join(scene.folder.root, 'no', 'scans');
    const starting = startAgent({ ...scene.site, data: { ...scene.site.data, path } });
    await expect(starting).rejects.toMatchObject({
      code: 'agent/data-folder-missing',
      message: expect.stringContaining(`is ${path}: there is no ${path}`),
    });
  });
});

describe('a check of the site with a job at hand', () => {
  const jobOf = (changes: Partial<JobInput> = {}) => jobSchema.parse({ ...TEST_JOB, ...changes });
  async function checkOf(job: Job) {
    const data = scene.site.data.path;
    if (!existsSync(data)) await writePhantoms(data, 6);
    const { lines, refused } = await checkSite(scene.site, { ...SURROUNDINGS, job });
    return { line: lines.find(({ what }) => what === 'job'), lines, refused };
  }

  it('keeps headers in the state folder, for its own user, and reads them once', async () => {
    await scene.enrol();
    const { path } = scene.site.data;
    const affineRas = [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1] as const;
    const data = Float32Array.from({ length: 8 ** 3 }, (_, at) => at);
    const patient = { identity: 'a', patientName: 'A^Test', patientId: 'SECRET' } as const;
    const series = { ...patient, modality: 'MR', createdAt: new Date(0) } as const;
    await writeDicomSeries(path, { shape: [8, 8, 8], affineRas, data }, series);
    scene.site = { ...scene.site, data: datasetSpecSchema.parse({ kind: 'dicom', path }) };
    const { headerIndex } = scene.folder;
    const known: number[] = [];
    const onProgress = ({ phase, done }: WorkProgress) => {
      if (phase === 'reading-headers') known.push(done);
    };
    // Files written just now are not remembered yet.
    await setTimeout(3_000);
    const first = await checkSite(scene.site, { ...SURROUNDINGS, onProgress });
    expect(known.splice(0)).toEqual([0, 8]);
    const second = await checkSite(scene.site, { ...SURROUNDINGS, onProgress });
    expect(known).toEqual([8]);
    expect(second).toEqual(first);
    expect((await stat(headerIndex)).mode & 0o777).toBe(0o600);
    expect(await readFile(headerIndex, 'latin1')).not.toContain('SECRET');
  });

  it('says that the gate will pass, and with how many cases', async () => {
    scene.site = { ...scene.site, policy: { ...scene.site.policy, minCasesForMetrics: 1 } };
    const { line } = await checkOf(jobOf());
    expect(line).toEqual({
      what: 'job',
      ok: true,
      text: 'lesion passes: 5 cases train, 1 validate',
    });
  });

  it('says that figures will be withheld, in every round, with a job and without', async () => {
    const { line, lines } = await checkOf(jobOf());
    expect(line).toMatchObject({
      ok: true,
      text: expect.stringContaining('withheld in every round, being about fewer than 5 cases'),
      advice: expect.stringContaining('minCasesForMetrics'),
    });
    expect(lines.find(({ what }) => what === 'data')?.text).toContain('withheld in every round');
  });

  it('says what the gate will say, and the class that is missing', async () => {
    const job = jobOf({ classes: ['background', 'organ', 'lesion'] });
    const { line, refused } = await checkOf(job);
    expect(line).toMatchObject({ ok: false, text: expect.stringContaining('labels-missing') });
    expect(line?.text).toContain('lesion');
    expect(refused.length).toBeGreaterThan(0);
  });

  it('says that policy refuses the job, and which line of it', async () => {
    const federation = { ...TEST_JOB.federation, minSites: 2 };
    const { line } = await checkOf(jobOf({ federation }));
    expect(line).toMatchObject({
      ok: false,
      text: expect.stringMatching(/refused-by-policy: .*close with 2 sites; policy.minCohort is 3/),
    });
  });
});
