// Takes the pictures of docs/images: runs the demo, opens the operator's and a hospital's pages on what it leaves, and
// photographs them. Wants the build, and Chromium at /usr/bin/chromium or where FEDVOX_TEST_CHROMIUM says.
//   node tools/screenshots.mjs [--rounds=8]
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { chromium } from 'playwright-core';

const { values } = parseArgs({ options: { rounds: { type: 'string', default: '8' } } });
const repository = fileURLToPath(new URL('..', import.meta.url));
const images = join(repository, 'docs', 'images');
const folder = await mkdtemp(join(tmpdir(), 'fedvox-screenshots-'));
const run = join(folder, 'run');
const services = [];

try {
  await mkdir(images, { recursive: true });
  await ended(start('demo', '--rounds', values.rounds, '--out', run));
  const { httpPort } = await told(
    'coordinator',
    'start',
    '--config',
    join(run, 'coordinator.yaml'),
  );
  const operator = ['--coordinator', `localhost:${httpPort}`, '--operator', join(run, 'operator')];
  const dashboard = await told('dashboard', ...operator);
  const site = join(run, 'sites', 'hospital-north', 'site.yaml');
  const ofSite = ['--data', join(run, 'sites', 'hospital-north', 'data'), '--config', site];
  const model = join(run, 'best.safetensors');
  await ended(start('model', 'evaluate', '--model', model, ...ofSite, '--review'));
  const console_ = await told('console', '--config', site);
  const browser = await chromium.launch({
    executablePath: process.env.FEDVOX_TEST_CHROMIUM ?? '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--disable-background-networking'],
  });
  try {
    const job = await opened(browser, dashboard.link);
    await job.locator('tbody a').first().click();
    await photograph(job, 'figure svg', 'dashboard-job');
    const left = await opened(browser, console_.link);
    await left.locator('nav a').nth(1).click();
    await photograph(left, 'tbody tr', 'console-left');
    await left.locator('nav a').nth(4).click();
    await left.locator('a[href^="#/review/"]').first().click();
    await photograph(left, '[data-plane=sagittal] canvas[data-shown]', 'console-review');
  } finally {
    await browser.close();
  }
} finally {
  for (const service of services) service.kill('SIGTERM');
  await Promise.all(services.map(ended));
  await rm(folder, { recursive: true });
}

async function opened(browser, link) {
  const page = await browser.newPage({ viewport: { width: 1200, height: 900 }, locale: 'en-GB' });
  await page.goto(link);
  return page;
}

/** As far down as the window goes, once it shows what it is to show. */
async function photograph(page, shown, name) {
  await page.locator(shown).first().waitFor();
  const path = join(images, `${name}.png`);
  await page.screenshot({ path });
  process.stdout.write(`${path}\n`);
}

function start(...words) {
  const entry = join(repository, 'packages', 'cli', 'bin', 'fedvox.mjs');
  return spawn(process.execPath, [entry, ...words], { stdio: ['ignore', 'pipe', 'inherit'] });
}

/** Starts what goes on until it is stopped; answers the first line that it says, as JSON. */
async function told(...words) {
  const service = start(...words, '--json');
  services.push(service);
  const [line] = await once(createInterface(service.stdout), 'line');
  return JSON.parse(line);
}

async function ended(child) {
  child.stdout.resume();
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  if (child.exitCode !== 0 && child.signalCode === null) {
    throw new Error(`${child.spawnargs.slice(2).join(' ')}: exit ${child.exitCode}`);
  }
}
