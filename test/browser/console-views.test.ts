import { readFileSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { gzipSync } from 'node:zlib';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
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
import { type ConsoleGround, startConsoleGround } from '../support/console-ground.js';

/** Of all that a browser loads before it shows anything, compressed. */
const MAX_PAGE_BYTES = 40 * 1024;

describe.skipIf(CHROMIUM === undefined)('a hospital’s console', { timeout: 180_000 }, () => {
  let ground: ConsoleGround;
  let browser: Browser;
  beforeAll(async () => {
    await buildPages();
    ground = await startConsoleGround();
    browser = await launchChromium();
  }, 120_000);
  afterAll(async () => {
    await browser.close();
    await ground.stop();
  });

  const open = (reader?: Reader) => openWatched(browser, ground.desk.link(), reader);
  const go = async ({ page }: WatchedPage, place: string, awaited: string) => {
    await page.goto(`${ground.desk.origin}/#/${place}`);
    await page.waitForSelector(awaited);
  };
  const textOf = async ({ page }: WatchedPage) => (await page.textContent('main')) ?? '';

  it.each(EVERY_READER)(
    'can be used by everybody, $colours, $locale; nobody else is asked for anything',
    async (reader) => {
      const watched = await open(reader);
      const look = async (name: string) => {
        await expectAccessible(watched);
        await photograph(watched, `console-${name}-${reader.locale}-${reader.colours}`);
      };
      expect(await watched.page.getAttribute('html', 'lang')).toMatch(
        reader.locale === 'zh-CN' ? /^zh/ : /^en/,
      );
      await go(watched, 'today', 'svg.chart');
      await look('today');
      await go(watched, 'left', 'details');
      await watched.page.locator('summary').first().click();
      await look('left');
      await go(watched, 'data', 'button.first');
      await watched.page.locator('button.first').click();
      await watched.page.waitForSelector('button.first:disabled');
      await watched.page.waitForSelector('button.first:enabled', { timeout: 90_000 });
      await watched.page.waitForSelector('tbody tr');
      await look('data');
      const reasons = await textOf(watched);
      expect(reasons).toMatch(
        reader.locale === 'zh-CN' ? /不是 NIfTI 文件（/ : /is not a NIfTI file/,
      );
      expect(reasons).toMatch(
        reader.locale === 'zh-CN' ? /对几何有两种说法（/ : /says two things of its geometry/,
      );
      await watched.page.locator('button.thumbnail').first().click();
      await watched.page.waitForSelector('dialog[open] img');
      await look('sheet');
      await watched.page.keyboard.press('Escape');
      await go(watched, 'jobs', 'tbody tr');
      await watched.page.locator('summary').first().click();
      await look('jobs');
      expectQuiet(watched, ground.desk.origin);
      await watched.context.close();
    },
  );

  it('shows what the agent does while it does it, and that its scans stay', async () => {
    const watched = await open();
    await go(watched, 'today', 'h2.life-well');
    const { finish } = await ground.workOn();
    await watched.page.getByText(`job ${ground.scene.job}, round 3`).waitFor();
    expect(await textOf(watched)).toMatch(/Your scans stay on this machine/);
    expect(await textOf(watched)).toMatch(/training/);
    finish();
    await watched.page.getByText('idle').first().waitFor();
    expectQuiet(watched, ground.desk.origin);
    await watched.context.close();
  });

  it('tells figures that were withheld beside what was told, and why', async () => {
    const watched = await open();
    await go(watched, 'jobs', 'tbody tr');
    const text = await textOf(watched);
    expect(text).toContain('0.7500');
    expect(text).toContain('withheld: 6 validation cases, the site asks for 9');
    expect(text).toContain(
      'The FedAvg weight that goes with each update is, by this site’s policy, the number of training cases.',
    );
    await watched.page.getByText('Each case of round 2 (3)').click();
    const cases = await watched.page.locator('details tbody th').allTextContents();
    expect(cases).toEqual(['case-1', 'case-0', 'case-2']);
    await go(watched, 'left', 'details');
    await watched.page.locator('summary').first().click();
    expect(await textOf(watched)).toMatch(/Dice: not told\./);
    const [download] = await Promise.all([
      watched.page.waitForEvent('download'),
      watched.page.getByRole('link', { name: 'Save the signed bytes' }).first().click(),
    ]);
    const saved = JSON.parse(await readFile(await download.path(), 'utf8'));
    const payload = JSON.parse(Buffer.from(saved.update.payload, 'base64').toString('utf8'));
    expect(payload).toMatchObject({ job: ground.scene.job, figures: { dice: null, auc: null } });
    await watched.context.close();
  });

  it('can be used with the keyboard alone', async () => {
    const watched = await open();
    const { page } = watched;
    await go(watched, 'today', 'h1');
    const focused = () => page.evaluate('document.activeElement.textContent');
    const seen: unknown[] = [];
    for (let press = 0; press < 8; press++) {
      await page.keyboard.press('Tab');
      seen.push(await focused());
    }
    expect(seen.slice(0, 4)).toEqual(['Today', 'What left', 'Data', 'Jobs']);
    await page.keyboard.press('Shift+Tab');
    for (let press = 0; press < 8 && (await focused()) !== 'Jobs'; press++) {
      await page.keyboard.press('Shift+Tab');
    }
    await page.keyboard.press('Enter');
    await page.waitForSelector('tbody tr');
    expect(page.url()).toMatch(/#\/jobs$/);
    await watched.context.close();
  });

  it('is small, and names no host', async () => {
    const watched = await open();
    const { origin } = ground.desk;
    const files = watched.requests.filter((url) => !url.includes('/api/'));
    const assets = files.filter((url) => /\.(js|css)$/.test(url));
    expect(assets).toHaveLength(2);
    let bytes = 0;
    for (const url of assets) {
      const body = await watched.page.evaluate(`fetch('${url}').then((r) => r.text())`);
      bytes += gzipSync(body as string).length;
      const named = (body as string).match(/https?:\/\/[\w.]+/g) ?? [];
      const strangers = named.filter((address) => !/w3\.org|preactjs\.com/.test(address));
      expect(strangers).toEqual([]);
    }
    expect(bytes).toBeLessThan(MAX_PAGE_BYTES);
    expect(origin).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    await watched.context.close();
  });

  it('says in red where the ledger is broken, and which entry is missing', async () => {
    // Else it would add to what is altered meanwhile.
    await ground.stopAgent();
    const { egressLedger } = ground.scene.folder;
    const watched = await open();
    await go(watched, 'left', 'h2');
    await watched.page.getByText('The ledger is whole').waitFor();
    const whole = readFileSync(egressLedger, 'utf8');
    writeFileSync(egressLedger, whole.replace(/^.*"n":4,.*\n/m, ''));
    const alert = watched.page.getByRole('alert');
    await alert.waitFor();
    expect(await alert.textContent()).toMatch(/broken in 1 places.*entries are missing \(3 → 5\)/);
    writeFileSync(egressLedger, whole);
    await alert.waitFor({ state: 'detached' });
    await watched.context.close();
  });

  it('says when its command has ended, and keeps what it last knew in sight', async () => {
    const watched = await open();
    await go(watched, 'jobs', 'tbody tr');
    await ground.desk.close();
    await watched.page.getByText('The console’s command has ended.').first().waitFor();
    expect(await textOf(watched)).toContain(ground.scene.job);
    await watched.context.close();
  });
});
