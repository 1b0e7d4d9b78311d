import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { checkSite } from './check-site.js';
import { buildStage, Scene, type Stage } from './testing/scene.js';

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
});
