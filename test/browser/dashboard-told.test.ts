import { createKeyPair } from '@fedvox/pki';
import { encodeWeights, type Weights } from '@fedvox/weights';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  CHROMIUM,
  expectAccessible,
  expectQuiet,
  openWatched,
  photograph,
  type WatchedPage,
} from '../support/browser.js';
import { whileWorking } from '../support/dashboard-desk.js';
import { type DashboardGround, startDashboardGround } from '../support/dashboard-ground.js';
import { waitForJob } from '../support/federation.js';
import { enrollScriptedSite, type ScriptedSite } from '../support/scripted-site.js';
import { tinyDelta } from '../support/tiny-model.js';

describe.skipIf(CHROMIUM === undefined)('what a page says', { timeout: 60_000 }, () => {
  let ground: DashboardGround;
  let watched: WatchedPage;
  beforeAll(async () => {
    ground = await startDashboardGround();
    watched = await openWatched(ground.browser, ground.desk.link());
  }, 120_000);
  afterAll(() => ground.stop());

  const go = async (id: string) => {
    await watched.page.goto(`${ground.desk.origin}/#/jobs/${id}`);
    await watched.page.waitForSelector('dl.summary');
  };

  it('of a figure that a site’s policy keeps back is that it is withheld; of one not there yet, a dash', async () => {
    const { federation } = ground;
    const id = await federation.submit({ rounds: 2, minSites: 3 });
    for (const { name, client } of federation.sites) {
      const figures = name === 'south' ? 'withheld' : 'reported';
      await client.reportGate({ job: id, outcome: 'pass', figures });
    }
    for (const site of federation.sites) {
      const task = await site.nextRoundTask();
      const none = { figures: { dice: null, auc: null } };
      await site.deliver(site.sign(task, site.name === 'south' ? { statement: none } : {}));
    }
    await waitForJob(federation.operator, id, ({ rounds }) => rounds.length === 2);
    await go(id);
    await watched.page.locator('summary').first().click();
    const table = watched.page.getByRole('region', { name: 'Dice after each round' });
    const rows = await table.getByRole('row').allTextContents();
    expect(rows).toHaveLength(3);
    // Round, east, north, south, all sites.
    expect(rows[1]).toMatch(/^0(0\.\d{3}){2}withheld0\.\d{3}$/);
    expect(rows[2]).toMatch(/^1––––$/);
    const members = watched.page.getByRole('region', { name: 'Sites' });
    expect(await members.getByRole('row', { name: /^south/ }).textContent()).toMatch(/withheld$/);
    await photograph(watched, 'withheld');
    await federation.operator.abortJob(id);
  });

  it('of a refused update is why, what to do, and how often; a wait that is long is told as long', async () => {
    const { federation } = ground;
    const id = await federation.submit({ rounds: 3, minSites: 3 });
    for (const site of federation.sites) await site.workOnce();
    for (const site of federation.sites) await site.workOnce();
    const south = federation.site('south');
    const task = await south.nextRoundTask();
    const bad = south.sign(task, { delta: encodeWeights(notANumber()) });
    await expect(south.deliver(bad)).rejects.toMatchObject({
      code: expect.stringMatching(/^refused\//),
    });
    await go(id);
    const refused = watched.page.getByRole('region', { name: 'Refused updates' });
    const row = await refused.getByRole('row', { name: /^south/ }).textContent();
    expect(row).toMatch(/delta-not-finite/);
    expect(row).not.toMatch(/[{}]/);
    const now = watched.page.getByRole('region', { name: 'Round 2, now' });
    await expect
      .poll(() => now.getByRole('row', { name: /^south/ }).textContent())
      .toMatch(/awaited.*slow: usually .*, now \d+ s/);
    await expectAccessible(watched);
    await watched.page.getByRole('button', { name: '中文' }).click();
    await watched.page.getByText('本地训练发散').waitFor();
    await expectAccessible(watched);
    await photograph(watched, 'refused');
    await watched.page.getByRole('button', { name: 'English' }).click();
    await watched.page.getByText('The local training diverged').waitFor();
    expectQuiet(watched, ground.desk.origin);
    await federation.operator.abortJob(id);
  });

  it('of more than eight sites is their spread, and of chosen ones a line each', {
    timeout: 120_000,
  }, async () => {
    const { federation } = ground;
    const more = await enrollMore(['a', 'b', 'c', 'd', 'e', 'f']);
    const sites = [...federation.sites, ...more];
    const id = await federation.submit({ rounds: 3, minSites: 9 });
    await whileWorking({ sites }, () =>
      waitForJob(federation.operator, id, ({ status }) => status === 'completed'),
    );
    await go(id);
    const { page } = watched;
    const svg = page.locator('svg.chart').first();
    expect(await svg.locator('polygon.range').count()).toBe(1);
    expect(await svg.getByText('hospital-c', { exact: true }).count()).toBe(0);
    await page.getByLabel('Draw a site by itself').first().selectOption('hospital-c');
    await svg.getByText('hospital-c', { exact: true }).waitFor();
    await expectAccessible(watched);
    await photograph(watched, 'spread');
    await page.getByRole('button', { name: 'No longer draw hospital-c by itself' }).click();
    await svg.getByText('hospital-c', { exact: true }).waitFor({ state: 'detached' });
    for (const site of more) site.close();
  });

  /** Sites of more hospitals, each with a key of its own. */
  async function enrollMore(letters: readonly string[]): Promise<ScriptedSite[]> {
    const names = letters.map((letter) => `hospital-${letter}`);
    const keys = await Promise.all(
      names.map(async (name) => [name, await createKeyPair()] as const),
    );
    const { consortium, federation } = ground;
    const larger = { ...consortium, siteKeys: new Map([...consortium.siteKeys, ...keys]) };
    return Promise.all(names.map((name) => enrollScriptedSite(larger, federation.operator, name)));
  }
});

function notANumber(): Weights {
  return new Map(
    [...tinyDelta('south', 2)].map(([name, { shape, data }]) => [
      name,
      { shape, data: data.map(() => Number.NaN) },
    ]),
  );
}
