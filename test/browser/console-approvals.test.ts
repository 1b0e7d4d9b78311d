import { writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { silentLogger, systemClock } from '@fedvox/base/system';
import { startSiteConsole } from '@fedvox/console';
import type { RunningDesk } from '@fedvox/desk';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writePhantoms } from '../../packages/agent/src/testing/phantom.js';
import { buildStage, Scene } from '../../packages/agent/src/testing/scene.js';
import { jobBytes, until } from '../../packages/agent/src/testing/site.js';
import {
  CHROMIUM,
  EVERY_READER,
  expectAccessible,
  expectQuiet,
  launchChromium,
  openWatched,
  photograph,
  type Reader,
  type WatchedPage,
} from '../support/browser.js';
import { buildPages } from '../support/built-pages.js';

const CASES = 4;
const lookEntryPath = fileURLToPath(
  new URL('../../packages/console/dist/look-entry.js', import.meta.url),
);

describe.skipIf(CHROMIUM === undefined)(
  'a job that waits for a person',
  { timeout: 120_000 },
  () => {
    let scene: Scene;
    let desk: RunningDesk;
    let browser: Browser;
    beforeAll(async () => {
      await buildPages();
      browser = await launchChromium();
      scene = await Scene.open(await buildStage());
      const { data, policy } = scene.site;
      scene.site = { ...scene.site, policy: { ...policy, approval: 'ask' } };
      await writePhantoms(data.path, CASES);
      await writeFile(`${data.path}/broken.nii.gz`, 'no scan at all');
      await scene.enrolAndStart();
      await offer('lesion-1', 'awaiting-approval');
      const surroundings = { clock: systemClock, log: silentLogger() };
      desk = await startSiteConsole({ config: scene.site, lookEntryPath, ...surroundings });
    }, 120_000);
    afterAll(async () => {
      await browser.close();
      await desk.close();
      await scene.close();
    });

    /** The coordinator offers the job's gate, and hears this of it. */
    async function offer(job: string, outcome: string, changes = {}): Promise<void> {
      const { gates, tasks } = scene.coordinator;
      const before = gates.length;
      tasks.push({ ...scene.gate, job, jobDigest: scene.coordinator.put(jobBytes(changes)) });
      await until(() => gates.length > before);
      expect(gates.at(-1)).toMatchObject({ job, outcome });
    }
    const open = async (reader?: Reader) => {
      const watched = await openWatched(browser, desk.link(), reader);
      await watched.page.goto(`${desk.origin}/#/jobs`);
      await watched.page.waitForSelector('article');
      return watched;
    };
    const card = ({ page }: WatchedPage, job: string) =>
      page.locator(`article[aria-label="${job}"]`);

    it.each(EVERY_READER)(
      'is shown to everybody, $colours, $locale, with a dialog',
      async (reader) => {
        const watched = await open(reader);
        await expectAccessible(watched);
        await photograph(watched, `console-approval-${reader.locale}-${reader.colours}`);
        await watched.page.locator('article button.grave').first().click();
        await watched.page.waitForSelector('dialog[open] input');
        await expectAccessible(watched);
        await watched.page.keyboard.press('Escape');
        await watched.page.goto(`${desk.origin}/#/today`);
        await watched.page.locator('a.past').waitFor();
        await expectAccessible(watched);
        expectQuiet(watched, desk.origin);
        await watched.context.close();
      },
    );

    it('is told with all that it asks for and what would leave, and tried on the own data', async () => {
      const watched = await open();
      const text = () => card(watched, 'lesion-1').textContent();
      for (const said of [
        'unet (inChannels: 1, channels: [4,8]',
        '2 rounds, each 1 passes over the data',
        'background, organ',
        'crop-or-pad (size: [16,16,16])',
        'Dice, AUC and a weight',
        'figures about fewer than 5 cases are withheld',
      ]) {
        expect(await text()).toContain(said);
      }
      await watched.page.getByRole('button', { name: 'Try it on the data: lesion-1' }).click();
      await expect
        .poll(text, { timeout: 60_000 })
        .toContain(`${CASES} of ${CASES} scans are usable for it.`);
      await photograph(watched, 'console-approval-tried');
      await watched.context.close();
    });

    it('is approved with the keyboard alone, and the agent trains without a restart', async () => {
      const watched = await open();
      const { keyboard } = watched.page;
      await watched.page.getByRole('button', { name: 'Approve: lesion-1' }).focus();
      await keyboard.press('Enter');
      await watched.page.waitForSelector('dialog[open]');
      expect(await watched.page.evaluate('document.activeElement.textContent')).toBe('Cancel');
      await keyboard.press('Shift+Tab');
      await keyboard.press('Enter');
      await watched.page.getByText('Answered before (1)').waitFor();
      expect(scene.trainer.orders).toHaveLength(0);
      await offer('lesion-1', 'pass');
      scene.coordinator.tasks.push(scene.train);
      await until(() => scene.coordinator.accepted.length === 1);
      await watched.context.close();
    });

    it('is refused, of which the operator hears no more than a word of a list', async () => {
      await offer('lesion-2', 'awaiting-approval', { seed: 8 });
      const watched = await open();
      await watched.page.getByRole('button', { name: 'Refuse: lesion-2' }).click();
      await watched.page.locator('dialog[open] input').fill('not before the board has met');
      await watched.page.locator('dialog[open] button.grave').click();
      await watched.page.getByText('Answered before (2)').waitFor();
      await watched.page.getByText('Answered before (2)').click();
      expect(await card(watched, 'lesion-2').textContent()).toContain(
        'not before the board has met',
      );
      await offer('lesion-2', 'refused-by-policy', { seed: 8 });
      await watched.context.close();
    });

    it('is not approved by an answer that was given for other bytes', async () => {
      await offer('lesion-3', 'awaiting-approval', { seed: 9 });
      const watched = await open({ locale: 'zh-CN' });
      await card(watched, 'lesion-3').locator('button.first').first().click();
      // Shown is what was asked about first; meanwhile the job is another.
      await watched.page.route('**/api/approvals', (route) => route.abort());
      await offer('lesion-3', 'awaiting-approval', { seed: 10 });
      await watched.page.locator('dialog[open] button.first').click();
      const alert = watched.page.locator('dialog[open] [role=alert]');
      await alert.waitFor();
      // In the page's own words, and behind them those that name the job.
      expect(await alert.textContent()).toMatch(
        /任务已不是所显示的内容（job lesion-3 .*只对所针对/,
      );
      await offer('lesion-3', 'awaiting-approval', { seed: 10 });
      await watched.context.close();
    });
  },
);
