import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { checkSite } from './check-site.js';
import { startAgent } from './compose.js';
import { buildStage, Scene, type Stage } from './testing/scene.js';
import { until } from './testing/site.js';

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
    const { ok, lines } = await checkSite(scene.site);
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

  it('of a site that never enrolled says to enrol', async () => {
    const { lines } = await checkSite(scene.site);
    expect(lines[0]).toMatchObject({
      what: 'credentials',
      ok: false,
      advice: expect.stringContaining('fedvox agent enroll'),
    });
    expect(scene.coordinator.calls).toEqual([]);
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
    (await checkSite(scene.site)).lines.find(({ what }) => what === 'coordinator');
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
