import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { silentLogger, systemClock } from '@fedvox/base/system';
import { jsonAnswer, type RunningDesk, startDesk } from '@fedvox/desk';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { CHROMIUM, launchChromium } from '../support/browser.js';

describe.skipIf(CHROMIUM === undefined)('a desk in a browser', { timeout: 60_000 }, () => {
  let desk: RunningDesk;
  let browser: Browser;
  /** Another program of this machine that serves a page: another origin, though the same host. */
  let neighbour: Server;
  let neighbourOrigin: string;
  let orders: number;
  let page: Page;
  beforeAll(async () => {
    const html = '<!doctype html><html lang="en"><title>desk</title><h1>The desk</h1>';
    desk = await startDesk({
      name: 'sample',
      routes: [
        { method: 'GET', path: '/api/secret', handle: async () => jsonAnswer({ secret: 42 }) },
        {
          method: 'POST',
          path: '/api/orders',
          handle: async () => jsonAnswer({ orders: ++orders }),
        },
      ],
      pages: new Map([['/', { type: 'text/html; charset=utf-8', bytes: Buffer.from(html) }]]),
      clock: systemClock,
      log: silentLogger(),
    });
    neighbour = createServer((_, answer) => {
      answer.setHeader('content-type', 'text/html');
      answer.end('<!doctype html><title>neighbour</title><h1>Another page</h1>');
    }).listen(0, '127.0.0.1');
    await once(neighbour, 'listening');
    neighbourOrigin = `http://127.0.0.1:${(neighbour.address() as AddressInfo).port}`;
    browser = await launchChromium();
  }, 60_000);
  afterAll(async () => {
    await browser.close();
    neighbour.close();
    await desk.close();
  });
  beforeEach(async () => {
    orders = 0;
    const context = await browser.newContext();
    page = await context.newPage();
    return () => context.close();
  });

  const signIn = async () => {
    await page.goto(desk.link());
    await page.getByRole('heading', { name: 'The desk' }).waitFor();
  };

  it('opens by its link, typed or followed from any other page, once', async () => {
    await signIn();
    const link = desk.link();
    await page.goto(`data:text/html,<a href="${link}">open</a>`);
    await page.context().clearCookies();
    await page.getByRole('link', { name: 'open' }).click();
    await page.getByRole('heading', { name: 'The desk' }).waitFor();
    expect(page.url()).toBe(`${desk.origin}/`);
    await page.goto(link);
    expect(await page.textContent('body')).toContain('used before');
    await page.context().clearCookies();
    await page.goto(`${desk.origin}/`);
    expect(await page.textContent('body')).toContain('has not come in by a link');
  });

  it('takes no order from another page of the same browser, and tells it nothing', async () => {
    await signIn();
    const own = await page.evaluate(`fetch('/api/orders', {
      method: 'POST', headers: { 'content-type': 'application/json' }, body: '{}',
    }).then((answer) => answer.status)`);
    expect([own, orders]).toEqual([200, 1]);
    await page.goto(neighbourOrigin);
    const foreign = await page.evaluate(`(async () => {
      const tried = [];
      const attempt = async (path, options) => {
        const answer = await fetch('${desk.origin}' + path, { credentials: 'include', ...options })
          .then((response) => response.type + ' ' + response.status, () => 'blocked');
        tried.push(answer);
      };
      await attempt('/api/orders', { method: 'POST', mode: 'no-cors', body: '{}' });
      await attempt('/api/orders', { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{}' });
      await attempt('/api/secret', {});
      await attempt('/api/secret', { mode: 'no-cors' });
      return tried;
    })()`);
    // Opaque: that there was an answer, and nothing of it.
    expect(foreign).toEqual(['blocked', 'blocked', 'blocked', 'blocked']);
    expect(orders).toBe(1);
  });

  it('is framed by no page, and runs nothing but its files', async () => {
    await signIn();
    const violated = page.evaluate(`new Promise((resolve) => {
      document.addEventListener('securitypolicyviolation', (event) => resolve(event.violatedDirective));
      const script = document.createElement('script');
      script.textContent = 'globalThis.wasRun = true';
      document.body.append(script);
    })`);
    expect(await violated).toMatch(/^script-src/);
    expect(await page.evaluate('globalThis.wasRun')).toBeUndefined();
    await page.goto(neighbourOrigin);
    await page.evaluate(`new Promise((resolve) => {
      const frame = document.createElement('iframe');
      frame.onload = resolve;
      frame.src = '${desk.origin}/';
      document.body.append(frame);
    })`);
    const frame = page.frames().find((each) => each !== page.mainFrame());
    expect(await frame?.title()).not.toBe('desk');
  });
});
