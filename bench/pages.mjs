// The pages as a browser has them: their size, how soon they are painted, what a job of 1,000 rounds and 100 sites costs the page
// that shows it and the coordinator that it asks, and how soon a slice of a review of 512 × 512 × 300 voxels is there. Chromium,
// the dashboard, the console and the coordinator are real ones.
//
//   npm run bench -- pages [--rounds=1000] [--sites=100] [--turns=3] [--keep=FOLDER]
//
// The history of the job is recorded first, which takes minutes; --keep=FOLDER leaves it there for the next time.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { resolveSiteConfig, siteConfigSchema } from '@fedvox/agent';
import { silentLogger, systemClock } from '@fedvox/base/system';
import { startSiteConsole } from '@fedvox/console';
import { CoordinatorClient } from '@fedvox/coordinator/client';
import { startDashboard } from '@fedvox/dashboard';
import { chromium } from 'playwright-core';
import { Child } from '../packages/coordinator/bench/federation/child.mjs';
import { reviewFigures } from './pages/review.mjs';

const PLACES = [
  process.env.FEDVOX_TEST_CHROMIUM,
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
];
const surroundings = { clock: systemClock, log: silentLogger() };
/** What the page does about a round is over when it has asked nothing for so long. */
const QUIET_MS = 2_000;

export async function run({ args, log }) {
  const { rounds = 1_000, sites = 100, turns = 3 } = args;
  const executablePath = PLACES.find((path) => path !== undefined && existsSync(path));
  if (executablePath === undefined)
    throw new Error('no Chromium is here: name one in FEDVOX_TEST_CHROMIUM');
  const folder = args.keep ?? (await mkdtemp(join(tmpdir(), 'fedvox-pages-')));
  const coordinator = new Child(longJob, [join(folder, `${rounds}x${sites}`), rounds, sites]);
  const browser = await chromium.launch({ executablePath, args: ['--headless', '--no-sandbox'] });
  try {
    const ready = await coordinator.until(({ kind }) => kind === 'ready');
    log(`a job of ${rounds} rounds and ${sites} sites is there`);
    const desks = await openDesks(folder, ready);
    const context = { browser, desks, coordinator, ready, log };
    const figures = {
      ...sizes(),
      ...(await firstPaints(context, Number(turns))),
      ...(await firstDraws(context, Number(turns))),
      ...(await nextRound(context)),
      ...(await reviewFigures({ browser, folder, log })),
    };
    await desks.close();
    return { figures };
  } finally {
    await browser.close();
    await coordinator.end();
    if (args.keep === undefined) await rm(folder, { recursive: true });
  }
}

const longJob = new URL('./pages/long-job.mjs', import.meta.url).href;

async function openDesks(folder, { address, caPem, operator, world }) {
  const client = new CoordinatorClient({
    address,
    federation: world.federation,
    caPem,
    ...operator,
  });
  const dashboard = await startDashboard({
    ...{ client, coordinator: address, certificatePem: operator.certificatePem },
    firstModel: () => Promise.reject(new Error('nothing is submitted here')),
    ...surroundings,
  });
  const written = { site: 'north', stateDir: 'site', data: { kind: 'msd', path: 'none' } };
  const config = resolveSiteConfig(siteConfigSchema.parse(written), join(folder, 'site.yaml'));
  const site = await startSiteConsole({ config, ...surroundings });
  const close = async () => {
    await site.close();
    await dashboard.close();
    client.close();
  };
  return { dashboard, console: site, close };
}

/** Of all that a browser loads before it shows anything, compressed, in KiB. */
function sizes() {
  return Object.fromEntries(
    ['dashboard', 'console'].map((name) => {
      const pages = fileURLToPath(new URL(`../packages/${name}/dist/pages`, import.meta.url));
      const files = readdirSync(pages, { recursive: true, withFileTypes: true });
      const bytes = files
        .filter((file) => file.isFile())
        .map(({ parentPath, name }) => gzipSync(readFileSync(join(parentPath, name))).length);
      return [`${name}_kib`, bytes.reduce((sum, each) => sum + each, 0) / 1_024];
    }),
  );
}

/** Opened by a fresh link, in a browser that has seen nothing; the least of several turns. */
async function firstPaints({ browser, desks }, turns) {
  const figures = {};
  for (const name of ['dashboard', 'console']) {
    const times = [];
    for (let turn = 0; turn < turns; turn++) {
      const { page, context } = await opened(browser, desks[name]);
      times.push(
        await page.evaluate(
          () => performance.getEntriesByName('first-contentful-paint')[0].startTime,
        ),
      );
      await context.close();
    }
    figures[`${name}_first_paint_ms`] = Math.min(...times);
  }
  return figures;
}

async function opened(browser, desk) {
  const context = await browser.newContext();
  const page = await context.newPage();
  await page.goto(desk.link());
  await page.waitForSelector('h1');
  return { page, context };
}

/** From the click on a job to its first curve, and to all that is told of it; the least of several turns. */
async function firstDraws({ browser, desks, coordinator, ready, log }, turns) {
  const draws = [];
  for (let turn = 0; turn < turns; turn++) {
    const { page, context } = await opened(browser, desks.dashboard);
    await page.waitForSelector('tbody a');
    const before = await ask(coordinator);
    const traffic = await Traffic.of(page);
    const drawMs = await page.evaluate(drawnAfter, `#/jobs/${ready.jobId}`);
    const { requests, quietAtMs, bytes } = await traffic.untilQuiet();
    const { stallMs, cpuMs } = await ask(coordinator);
    const pollMs = (cpuMs - before.cpuMs) / requests;
    const wholeMs = quietAtMs - traffic.begunAtMs;
    draws.push({ drawMs, wholeMs, stallMs, pollMs });
    log(
      `first draw ${drawMs.toFixed(0)} ms; all of it after ${wholeMs.toFixed(0)} ms in ${requests} requests, ` +
        `${(bytes / 1_024).toFixed(0)} KiB; the coordinator stood still for ${stallMs.toFixed(1)} ms at most`,
    );
    await context.close();
  }
  const least = (figure) => Math.min(...draws.map((draw) => draw[figure]));
  return {
    first_draw_ms: least('drawMs'),
    whole_job_ms: least('wholeMs'),
    coordinator_stall_ms: least('stallMs'),
    coordinator_cpu_ms_per_poll: least('pollMs'),
  };
}

/** Runs in the page: milliseconds from going to a place until it shows a chart. */
function drawnAfter(hash) {
  return new Promise((resolve) => {
    const begunMs = performance.now();
    const look = () => {
      if (document.querySelector('svg.chart') === null) return requestAnimationFrame(look);
      return requestAnimationFrame(() => resolve(performance.now() - begunMs));
    };
    location.hash = hash;
    look();
  });
}

/** What the page does, and is sent, once the site that was lacking answers: a model, and a round that opens. */
async function nextRound({ browser, desks, ready, log }) {
  const { page, context } = await opened(browser, desks.dashboard);
  await page.waitForSelector('tbody a');
  const coming = await Traffic.of(page);
  await page.evaluate(drawnAfter, `#/jobs/${ready.jobId}`);
  await coming.untilQuiet();
  const traffic = await Traffic.of(page);
  const beforeMs = await traffic.busyMs();
  const site = new Child('sites-process.mjs', [ready.worldPath, ready.federationPort]);
  const { requests, bytes, draws } = await traffic.untilQuiet(20_000);
  const busyMs = (await traffic.busyMs()) - beforeMs;
  await site.end();
  await context.close();
  log(
    `next round: ${busyMs.toFixed(0)} ms of the page’s thread in ${draws} looks at it, ${requests} requests, ` +
      `${(bytes / 1_024).toFixed(0)} KiB`,
  );
  return {
    next_round_page_ms: busyMs,
    next_round_ms_per_look: busyMs / Math.max(1, draws),
    next_round_kib: bytes / 1_024,
  };
}

/** What crosses the wire to a page, beside its long poll, and how long its thread was busy. */
class Traffic {
  requests = 0;
  /** Sent, and not answered yet; without the long poll. */
  pending = new Set();
  bytes = 0;
  draws = 0;
  begunAtMs = performance.now();
  lastAtMs = performance.now();

  static async of(page) {
    const session = await page.context().newCDPSession(page);
    const traffic = new Traffic();
    traffic.session = session;
    await session.send('Network.enable');
    await session.send('Performance.enable');
    const ended = ({ requestId }) => {
      if (traffic.pending.delete(requestId)) traffic.lastAtMs = performance.now();
    };
    session.on('Network.loadingFailed', ended);
    session.on('Network.requestWillBeSent', ({ requestId, request: { url } }) => {
      if (!/\/api\/events\?/.test(url)) {
        traffic.requests += 1;
        traffic.pending.add(requestId);
        if (/\/api\/jobs\/[^/]+\?from=/.test(url)) traffic.draws += 1;
        traffic.lastAtMs = performance.now();
      }
    });
    session.on('Network.loadingFinished', (finished) => {
      traffic.bytes += finished.encodedDataLength;
      ended(finished);
    });
    return traffic;
  }

  /** Processor time of the page's main thread since it was opened: what else runs on the machine does not count. */
  async busyMs() {
    const { metrics } = await this.session.send('Performance.getMetrics');
    return 1_000 * metrics.find(({ name }) => name === 'ThreadTime').value;
  }

  /** @param leastMs something is expected within this time */
  async untilQuiet(leastMs = 0) {
    const dueMs = performance.now() + leastMs;
    while (
      this.pending.size > 0 ||
      performance.now() - this.lastAtMs < QUIET_MS ||
      (this.requests === 0 && performance.now() < dueMs)
    ) {
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    const { requests, bytes, draws, lastAtMs: quietAtMs } = this;
    return { requests, bytes, draws, quietAtMs };
  }
}

let asked = 0;

/** How the coordinator's process fared since it was last asked. */
function ask(coordinator) {
  const id = ++asked;
  coordinator.tell({ kind: 'ask', id });
  return coordinator.until((message) => message.id === id);
}
