import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { silentLogger, systemClock } from '@fedvox/base/system';
import { startSiteConsole } from '@fedvox/console';
import { PeopleFile, type RunningDesk } from '@fedvox/desk';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CHROMIUM, launchChromium } from '../support/browser.js';
import { buildPages } from '../support/built-pages.js';
import { writeNetworkCertificate } from '../support/network-certificate.js';
import { type ReviewGround, startReviewGround } from '../support/review-ground.js';

const PASSWORD = 'correct horse battery';

describe.skipIf(CHROMIUM === undefined)(
  'a console on the hospital’s network',
  { timeout: 180_000 },
  () => {
    let ground: ReviewGround;
    let desk: RunningDesk;
    let browser: Browser;
    beforeAll(async () => {
      await buildPages();
      ground = await startReviewGround();
      const { tls } = await writeNetworkCertificate(ground.folder, ['127.0.0.1']);
      const people = join(ground.folder, 'people.json');
      const file = new PeopleFile(people);
      for (const name of ['Dr Chen', 'Dr Holm']) await file.add(name, 'reviewer', PASSWORD);
      await file.add('Visitor', 'reader', PASSWORD);
      const config = {
        ...ground.config,
        console: { host: '127.0.0.1', port: 0, network: { tls, people } },
      };
      desk = await startSiteConsole({ config, clock: systemClock, log: silentLogger() });
      browser = await launchChromium();
    }, 120_000);
    afterAll(async () => {
      await browser.close();
      await desk.close();
      await ground.stop();
    });

    const signIn = async (name: string): Promise<Page> => {
      // The hospital's own authority is none of this browser's.
      const context = await browser.newContext({ ignoreHTTPSErrors: true, locale: 'en-GB' });
      const page = await context.newPage();
      await page.goto(desk.link());
      await page.getByLabel('Name').fill(name);
      await page.getByLabel('Password').fill(PASSWORD);
      await page.getByRole('button', { name: 'Sign in' }).click();
      await page.getByText('On the hospital’s network').waitFor();
      return page;
    };
    const openCase = async (page: Page, at: number) => {
      await page.goto(`${desk.origin}/#/review`);
      await page.locator('tbody a').nth(at).click();
      await page.locator('[data-plane=axial] canvas[data-shown]').waitFor();
    };

    it('has two people review at once, each under their own name', async () => {
      const [chen, holm] = [await signIn('Dr Chen'), await signIn('Dr Holm')];
      await openCase(chen, 0);
      await openCase(holm, 0);
      expect(await chen.getByLabel('Who you are').inputValue()).toBe('Dr Chen');
      expect(await chen.getByLabel('Who you are').isEditable()).toBe(false);
      await chen.getByLabel('Note', { exact: true }).fill('misses the rim');
      await chen.locator('[data-plane=axial]').focus();
      await chen.keyboard.press('r');
      await holm.locator('.said-list').getByText('Dr Chen').waitFor();
      await holm.locator('.said-list').getByText('misses the rim').waitFor();
      const [line] = (await readFile(ground.state.verdicts, 'utf8')).trim().split('\n');
      expect(JSON.parse(line as string)).toMatchObject({
        reviewer: 'Dr Chen',
        verdict: 'rejected',
      });
      for (const page of [chen, holm]) await page.context().close();
    });

    it('loses no drawing of one window to another, nor to another person', async () => {
      const chen = await signIn('Dr Chen');
      await openCase(chen, 0);
      await chen.locator('[data-plane=axial]').focus();
      await chen.keyboard.press('c');
      await chen.getByText('Radius, mm').waitFor();
      await chen.keyboard.press('Space');
      const undo = (page: Page) => page.getByRole('button', { name: 'Undo' });
      await expect.poll(() => undo(chen).isEnabled()).toBe(true);
      const second = await chen.context().newPage();
      await openCase(second, 1);
      const holm = await signIn('Dr Holm');
      await openCase(holm, 0);
      expect(await undo(holm).count()).toBe(0);
      await openCase(second, 0);
      expect(await undo(second).isEnabled()).toBe(true);
      await chen.keyboard.press('s');
      await chen.locator('.said-list').getByText('corrected').waitFor();
      await holm.locator('.said-list').getByText('corrected').waitFor();
      await chen.context().close();
      await holm.context().close();
    });

    it('lets a reader see, and nothing else; who signs out is out', async () => {
      const page = await signIn('Visitor');
      await openCase(page, 0);
      await page.getByRole('button', { name: 'Accept' }).click();
      await page.getByText('desk/not-allowed').waitFor();
      await page.getByRole('button', { name: 'Sign out' }).click();
      await page.getByRole('heading', { name: 'Fedvox console' }).waitFor();
      expect(new URL(page.url()).pathname).toBe('/sign-in');
      await page.goto(`${desk.origin}/`);
      expect(new URL(page.url()).pathname).toBe('/sign-in');
      await page.context().close();
    });
  },
);
