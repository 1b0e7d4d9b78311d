import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { CoordinatorClient } from '@fedvox/coordinator/client';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FEDVOX } from '../e2e/fedvox-command.js';
import { CHROMIUM, launchChromium, openWatched, photograph } from '../support/browser.js';
import { buildPages } from '../support/built-pages.js';
import { createTestConsortium, type TestConsortium } from '../support/consortium.js';
import {
  buildPackages,
  type CoordinatorProcess,
  reservePorts,
  startCoordinatorProcess,
} from '../support/coordinator-process.js';
import { whileWorking } from '../support/dashboard-desk.js';
import { enrollAll, operatorOf, submitTinyJob, testConfig } from '../support/federation.js';
import type { ScriptedSite } from '../support/scripted-site.js';

interface PrintedLink {
  readonly origin: string;
  readonly link: string;
}

describe.skipIf(CHROMIUM === undefined)('fedvox dashboard', () => {
  let consortium: TestConsortium;
  let stateDir: string;
  let configPath: string;
  let coordinator: CoordinatorProcess;
  let operator: CoordinatorClient;
  let operatorAddress: string;
  let sites: readonly ScriptedSite[];
  let browser: Browser;
  beforeAll(async () => {
    buildPackages('cli');
    await buildPages();
    consortium = await createTestConsortium();
    stateDir = await mkdtemp(join(tmpdir(), 'fedvox-dashboard-'));
    const ports = await reservePorts();
    configPath = join(stateDir, 'coordinator.yaml');
    const config = { ...testConfig(consortium, stateDir, ports), logLevel: 'silent' };
    await writeFile(configPath, JSON.stringify(config));
    coordinator = await startCoordinatorProcess(configPath);
    operator = operatorOf(consortium, ports.httpPort);
    operatorAddress = `localhost:${ports.httpPort}`;
    sites = await enrollAll(consortium, operator);
    browser = await launchChromium();
  }, 180_000);
  afterAll(async () => {
    await browser?.close();
    for (const site of sites) site.close();
    operator.close();
    coordinator.kill('SIGKILL');
    await coordinator.ended;
    await consortium.remove();
    await rm(stateDir, { recursive: true });
  });

  /** As a person types it. */
  function start(...words: string[]): ChildProcess {
    const where = ['--coordinator', operatorAddress, '--operator', `${consortium.folder}-operator`];
    const args = [FEDVOX.entry, 'dashboard', '--json', ...where, ...words];
    return spawn(FEDVOX.node, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  }

  async function printedBy({ stdout }: ChildProcess): Promise<PrintedLink> {
    for await (const line of createInterface({ input: stdout as NodeJS.ReadableStream })) {
      return JSON.parse(line) as PrintedLink;
    }
    throw new Error('it ended without a link');
  }

  it('prints a link, shows each round as it comes, and catches up by itself after the coordinator was killed', {
    timeout: 120_000,
  }, async () => {
    const command = start();
    const { origin, link } = await printedBy(command);
    expect(link).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/enter\/[\w-]{43}$/);
    const id = await submitTinyJob(operator, stateDir, { rounds: 4, minSites: 3 });
    const watched = await openWatched(browser, link);
    const { page } = watched;
    await page.goto(`${origin}/#/jobs/${id}`);
    await page.waitForSelector('dl.summary');
    const rounds = page.locator('dl.summary .rounds');
    for (const site of sites) await site.workOnce(); // the gate
    await expect.poll(() => rounds.textContent()).toBe('1 / 4');
    for (const site of sites) await site.workOnce();
    await expect.poll(() => rounds.textContent()).toBe('2 / 4');
    for (const site of sites.slice(0, 2)) await site.workOnce();
    await page.getByText('2 of 3', { exact: true }).waitFor();
    const loads = watched.requests.filter((url) => url === `${origin}/`).length;

    coordinator.kill('SIGKILL');
    await coordinator.ended;
    await page.getByText('What you see is not live').waitFor();
    expect(await page.getByRole('alert').first().textContent()).toContain(
      'coordinator/coordinator-unreachable',
    );
    // What was known is shown on.
    expect(await page.locator('svg.chart').count()).toBeGreaterThan(0);
    await photograph(watched, 'away');

    coordinator = await startCoordinatorProcess(configPath);
    const status = page.locator('dl.summary .status');
    await whileWorking({ sites }, () =>
      expect.poll(() => status.textContent(), { timeout: 60_000 }).toBe('completed'),
    );
    await page.getByText('What you see is not live').waitFor({ state: 'detached' });
    expect(await rounds.textContent()).toBe('4 / 4');
    expect(watched.requests.filter((url) => url === `${origin}/`)).toHaveLength(loads);

    command.kill('SIGINT');
    const [exitCode] = (await once(command, 'exit')) as [number];
    expect(exitCode).toBe(0);
    await page.getByText('The command that serves this page has ended').first().waitFor();
    await photograph(watched, 'ended');
  });

  it('says at once that there is nobody, or that its port is taken', {
    timeout: 60_000,
  }, async () => {
    const first = start();
    const { origin } = await printedBy(first);
    const port = new URL(origin).port;
    for (const [words, code] of [
      [['--port', port], 'desk/listen-failed'],
      [['--coordinator', 'localhost:1'], 'coordinator/coordinator-unreachable'],
    ] as const) {
      const command = start(...words);
      const told: { error: { code: string } } = await printedBy(command).then(
        (line) => line as never,
      );
      expect(told.error.code).toBe(code);
      expect((await once(command, 'exit'))[0]).toBe(1);
    }
    first.kill('SIGTERM');
    expect((await once(first, 'exit'))[0]).toBe(0);
  });
});
