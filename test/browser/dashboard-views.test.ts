import { readFile } from 'node:fs/promises';
import { sha256 } from '@fedvox/base';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  CHROMIUM,
  expectAccessible,
  expectQuiet,
  openWatched,
  photograph,
  type Reader,
  type WatchedPage,
} from '../support/browser.js';
import { whileWorking } from '../support/dashboard-desk.js';
import { type DashboardGround, startDashboardGround } from '../support/dashboard-ground.js';
import { waitForJob } from '../support/federation.js';

const READERS: readonly Required<Reader>[] = [
  { colours: 'light', locale: 'en-GB' },
  { colours: 'dark', locale: 'en-GB' },
  { colours: 'light', locale: 'zh-CN' },
  { colours: 'dark', locale: 'zh-CN' },
];

describe.skipIf(CHROMIUM === undefined)('the dashboard’s views', { timeout: 60_000 }, () => {
  let ground: DashboardGround;
  let finished: string;
  let running: string;
  beforeAll(async () => {
    ground = await startDashboardGround();
    const { federation } = ground;
    finished = await federation.submit({ rounds: 6, minSites: 3 });
    await whileWorking(federation, () =>
      waitForJob(federation.operator, finished, ({ status }) => status === 'completed'),
    );
    running = await federation.submit({ rounds: 4, minSites: 3 });
    for (const site of federation.sites) await site.workOnce();
    for (const site of federation.sites.slice(0, 2)) await site.workOnce();
    const failed = await federation.submit({ rounds: 4, minSites: 3 });
    for (const { client } of federation.sites) {
      await client.reportGate({ job: failed, outcome: 'too-few-cases', figures: null });
    }
    await waitForJob(federation.operator, failed, ({ status }) => status === 'failed');
  }, 120_000);
  afterAll(() => ground.stop());

  const open = (reader?: Reader) => openWatched(ground.browser, ground.desk.link(), reader);
  const go = async ({ page }: WatchedPage, place: string, awaited: string) => {
    await page.goto(`${ground.desk.origin}/#/${place}`);
    await page.waitForSelector(awaited);
  };

  it.each(READERS)(
    'can be used by everybody, $colours, $locale; nobody else is asked for anything',
    {
      timeout: 60_000,
    },
    async (reader) => {
      const watched = await open(reader);
      const look = async (name: string) => {
        await expectAccessible(watched);
        await photograph(watched, `${name}-${reader.locale}-${reader.colours}`);
      };
      await go(watched, 'jobs', 'tbody tr');
      expect(await watched.page.getAttribute('html', 'lang')).toMatch(
        reader.locale === 'zh-CN' ? /^zh/ : /^en/,
      );
      await look('jobs');
      await go(watched, `jobs/${running}`, 'svg.chart');
      await look('job');
      await watched.page.locator('button.grave').first().click();
      await look('order');
      await go(watched, `jobs/${finished}`, 'svg.chart');
      await watched.page.locator('summary').first().click();
      await look('finished');
      await go(watched, 'sites', 'tbody tr');
      await look('sites');
      await go(watched, 'facts', 'tbody tr');
      await look('facts');
      await go(watched, 'submit', 'textarea');
      await look('submit');
      expectQuiet(watched, ground.desk.origin);
      await watched.context.close();
    },
  );

  it('list jobs with what needs a person first, and how far each is', async () => {
    const watched = await open();
    await go(watched, 'jobs', 'tbody tr');
    const rows = await watched.page.locator('tbody tr').allInnerTexts();
    expect(rows.map((row) => /failed|running|completed/.exec(row)?.[0])).toEqual([
      'failed',
      'running',
      'completed',
    ]);
    expect(rows[1]).toMatch(/1 \/ 4[\s\S]*2 of 3[\s\S]*left/);
    expect(rows[2]).toMatch(/6 \/ 6[\s\S]*Dice 0\.\d{3} \(round 6\)/);
    await watched.context.close();
  });

  it('name whose updates each model was made of', async () => {
    const watched = await open();
    await go(watched, `jobs/${finished}`, 'svg.chart');
    const heading = watched.page.getByRole('heading', { name: 'Models' });
    const models = watched.page.locator('section').filter({ has: heading }).locator('tbody tr');
    const sites = ground.federation.sites.map(({ name }) => name).sort();
    await expect.poll(() => models.first().textContent()).toContain(sites.join(', '));
    expect(await models.count()).toBe(7);
    expect(await models.last().textContent()).not.toContain(sites[0]);
    await watched.context.close();
  });

  it('show a job’s figures as the coordinator has them, by round and by site', async () => {
    const watched = await open();
    await go(watched, `jobs/${finished}`, 'svg.chart');
    await watched.page.locator('summary').first().click();
    const { rounds } = await ground.federation.operator.job(finished);
    const shown = await watched.page.locator('details tbody').first().textContent();
    for (const { dice, sites } of rounds) {
      for (const value of [dice, ...sites.map((cell) => cell.dice)]) {
        expect(shown).toContain((value as number).toFixed(3));
      }
    }
    const timeline = watched.page.getByRole('img', { name: 'Who answered when' });
    // A bar for each of three sites at the gate, in six rounds and in the last evaluation; some may touch.
    const bars = () => timeline.locator('path.solid-0').first().getAttribute('d');
    await expect.poll(async () => (await bars())?.match(/M/g)?.length).toBeGreaterThan(16);
    const saving = watched.page.waitForEvent('download');
    await watched.page.getByRole('button', { name: 'CSV' }).first().click();
    const csv = await readFile(await (await saving).path(), 'utf8');
    expect(csv.split('\r\n')[0]).toBe('round,site,dice,missing,weight');
    expect(csv.split('\r\n')).toHaveLength(rounds.length * 3 + 2);
    await watched.context.close();
  });

  it('give a model away under its digest', async () => {
    const watched = await open();
    await go(watched, `jobs/${finished}`, 'svg.chart');
    const saving = watched.page.waitForEvent('download');
    await watched.page
      .getByRole('link', { name: 'Save the model of round 3', exact: true })
      .click();
    const download = await saving;
    expect(download.suggestedFilename()).toBe(`${finished}-round-3.safetensors`);
    const { rounds } = await ground.federation.operator.job(finished);
    expect(sha256(await readFile(await download.path()))).toBe(rounds[3]?.modelSha256);
    await watched.context.close();
  });

  it('share one poll among the pages of a browser, and none is missed', async () => {
    const first = await open();
    await go(first, 'jobs', 'tbody tr');
    const second = await first.context.newPage();
    const polls: string[] = [];
    second.on('request', (request) => {
      if (request.url().includes('/api/events')) polls.push(request.url());
    });
    await second.goto(`${ground.desk.origin}/#/jobs/${running}`);
    await second.getByRole('heading', { level: 1 }).waitFor();
    await ground.federation.operator.pauseJob(running);
    await second.getByText('paused', { exact: true }).waitFor();
    await ground.federation.operator.resumeJob(running);
    await second.getByText('running', { exact: true }).waitFor();
    expect(polls).toEqual([]);
    // The page that polled is closed: the other one takes over.
    await first.page.close();
    await expect.poll(() => polls.length).toBeGreaterThan(0);
    await second.context().close();
  });

  it('ask for nothing while they are hidden, and catch up when they are seen again', async () => {
    const watched = await open();
    const { page } = watched;
    const pending = new Set<unknown>();
    const polls = () => [...pending].filter((url) => String(url).includes('/api/events?')).length;
    page.on('request', (request) => void pending.add(request.url()));
    for (const end of ['requestfinished', 'requestfailed'] as const) {
      page.on(end as 'requestfinished', (request) => void pending.delete(request.url()));
    }
    const id = await ground.federation.submit({ rounds: 4, minSites: 3 });
    await go(watched, `jobs/${id}`, 'dl.summary');
    const hide = (isHidden: boolean) =>
      page.evaluate(`Object.defineProperty(document, 'hidden', { configurable: true, value: ${isHidden} });
        document.dispatchEvent(new Event('visibilitychange'));`);
    // A first look is of several requests, one after the other, and goes on when it has begun.
    const heldAndNew = async () => {
      const before = watched.requests.length;
      await page.waitForTimeout(500);
      return [polls(), pending.size, watched.requests.length - before];
    };
    await expect.poll(heldAndNew).toEqual([1, 1, 0]);
    await hide(true);
    await expect.poll(() => pending.size).toBe(0);
    const asked = watched.requests.length;
    await ground.federation.operator.pauseJob(id);
    await page.waitForTimeout(2_000);
    expect(watched.requests.slice(asked)).toEqual([]);
    await hide(false);
    await expect.poll(() => page.locator('dl.summary .status').textContent()).toBe('paused');
    await ground.federation.operator.abortJob(id);
    await watched.context.close();
  });

  it('tell no secret of the operator’s, nor where anything lies', async () => {
    const watched = await open();
    for (const place of ['jobs', 'sites', 'facts']) await go(watched, place, 'tbody tr');
    await go(watched, `jobs/${finished}`, 'svg.chart');
    await go(watched, 'jobs/none', '.alert');
    await watched.page.goto(`${ground.desk.origin}/api/jobs/..%2f..%2fhealthz/model?round=x`);
    await watched.page.goto(`${ground.desk.origin}/api/broken`);
    const { keyPem } = ground.consortium.consortium.operator;
    const keyLine = keyPem.split('\n')[2] as string;
    expect(keyLine.length).toBeGreaterThan(40);
    expect(watched.answers.length).toBeGreaterThan(10);
    for (const secret of [
      keyLine,
      'PRIVATE KEY',
      ground.consortium.folder,
      ground.federation.stateDir,
    ]) {
      expect(watched.answers.filter((answer) => answer.includes(secret))).toEqual([]);
    }
    await watched.context.close();
  });
});
