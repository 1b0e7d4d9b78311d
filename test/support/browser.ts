import { existsSync } from 'node:fs';
import { join } from 'node:path';
import axe from 'axe-core';
import {
  type Browser,
  type BrowserContext,
  chromium,
  type Page,
  type Response,
} from 'playwright-core';
import { expect } from 'vitest';

/** Debian's, another distribution's, or the one that is named. */
const PLACES = [
  process.env['FEDVOX_TEST_CHROMIUM'],
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
];

/** Undefined where there is no browser to test with: its tests are skipped by name. */
export const CHROMIUM = PLACES.find((path) => path !== undefined && existsSync(path));

/** A real browser with a profile of its own, that finds no host but this one. */
export function launchChromium(more: readonly string[] = []): Promise<Browser> {
  return chromium.launch({
    executablePath: CHROMIUM as string,
    args: [
      '--headless',
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      '--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1',
      ...more,
    ],
  });
}

/** These run in the page, as text: nothing of a browser is known to the tests' own types. */
const TELL_POLICY = `document.addEventListener('securitypolicyviolation', (event) => {
  console.error('policy: ' + event.violatedDirective + ' ' + event.blockedURI);
});`;
const RUN_AXE = `axe
  .run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] })
  .then(({ violations, passes }) => ({
    told: violations.map(({ id, nodes }) => id + ': ' + nodes.map(({ html }) => html).join(' | ')),
    passed: passes.length,
  }))`;

/** A page, and all that it asked for, complained of and was told. */
export interface WatchedPage {
  readonly page: Page;
  readonly context: BrowserContext;
  /** Addresses of its requests, in order. */
  readonly requests: readonly string[];
  /** What went to the console as an error, was thrown, or broke the page's policy. */
  readonly problems: string[];
  /** Every answer that it got, headers and body. */
  readonly answers: readonly string[];
}

/** In both languages, light and dark. */
export const EVERY_READER: readonly Required<Reader>[] = (['light', 'dark'] as const).flatMap(
  (colours) => (['en-GB', 'zh-CN'] as const).map((locale) => ({ colours, locale })),
);

export interface Reader {
  readonly colours?: 'light' | 'dark';
  readonly locale?: 'en-GB' | 'zh-CN';
}

export async function openWatched(
  browser: Browser,
  link: string,
  { colours = 'light', locale = 'en-GB' }: Reader = {},
): Promise<WatchedPage> {
  const context = await browser.newContext({
    colorScheme: colours,
    locale,
    timezoneId: 'Europe/Oslo',
    viewport: { width: 1280, height: 900 },
  });
  const page = await context.newPage();
  const [requests, problems, answers]: string[][] = [[], [], []];
  page.on('request', (request) => void requests?.push(request.url()));
  page.on('pageerror', (error) => void problems?.push(String(error)));
  page.on('console', (message) => {
    if (message.type() === 'error') problems?.push(message.text());
  });
  page.on('response', (response) => {
    // Of an answer that the page left behind, nothing can be had any more.
    textOf(response).then(
      (text) => answers?.push(text),
      () => undefined,
    );
  });
  await page.addInitScript({ content: TELL_POLICY });
  await page.goto(link);
  await page.waitForSelector('h1');
  return {
    page,
    context,
    requests: requests as string[],
    problems: problems as string[],
    answers: answers as string[],
  };
}

async function textOf(response: Response): Promise<string> {
  return `${JSON.stringify(await response.allHeaders())}\n${await response.text()}`;
}

/** Nobody but this page's own server was asked for anything, and nothing went wrong. */
export function expectQuiet({ requests, problems }: WatchedPage, origin: string): void {
  expect(requests.length).toBeGreaterThan(3);
  expect(
    requests.filter((url) => !url.startsWith(`${origin}/`) && !url.startsWith('blob:')),
  ).toEqual([]);
  expect(problems).toEqual([]);
}

/** What axe-core finds by its rules of WCAG 2.2, A and AA: none is expected. */
export async function expectAccessible({ page }: WatchedPage): Promise<void> {
  // Past the page's policy, as a debugger may.
  await page.evaluate(axe.source);
  const found = (await page.evaluate(RUN_AXE)) as { told: string[]; passed: number };
  expect(found.told).toEqual([]);
  expect(found.passed).toBeGreaterThan(15);
}

/** For a person to look at: written where `FEDVOX_SCREENSHOTS` names a folder. */
export async function photograph({ page }: WatchedPage, name: string): Promise<void> {
  const folder = process.env['FEDVOX_SCREENSHOTS'];
  if (folder !== undefined) {
    await page.screenshot({ path: join(folder, `${name}.png`), fullPage: true });
  }
}
