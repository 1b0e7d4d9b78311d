import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CoordinatorClient } from '@fedvox/coordinator/client';
import { loadOperator, parseInvitation } from '@fedvox/pki';
import { encodeWeights, type Weights } from '@fedvox/weights';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fedvox } from '../operator/command.js';
import {
  CHROMIUM,
  expectAccessible,
  expectQuiet,
  openWatched,
  photograph,
  type WatchedPage,
} from '../support/browser.js';
import { FEDERATION } from '../support/consortium.js';
import { deskOf } from '../support/dashboard-desk.js';
import { type DashboardGround, order, startDashboardGround } from '../support/dashboard-ground.js';
import { tinyJob, waitForJob } from '../support/federation.js';
import { tinyDelta } from '../support/tiny-model.js';

describe.skipIf(CHROMIUM === undefined)('orders by button', { timeout: 60_000 }, () => {
  let ground: DashboardGround;
  let watched: WatchedPage;
  beforeAll(async () => {
    ground = await startDashboardGround();
    watched = await openWatched(ground.browser, ground.desk.link());
  }, 120_000);
  afterAll(() => ground.stop());

  const go = async (place: string, awaited: string) => {
    await watched.page.goto(`${ground.desk.origin}/#/${place}`);
    await watched.page.waitForSelector(awaited);
  };
  const statusOf = async (id: string) => (await ground.federation.operator.job(id)).status;
  const summary = () => watched.page.locator('dl.summary .status');

  it('pause, resume and abort a job, and its facts say who ordered it', async () => {
    const id = await ground.federation.submit({ rounds: 4, minSites: 3 });
    await go(`jobs/${id}`, 'dl.summary');
    await order(watched.page, 'Pause: tiny');
    await expect.poll(() => summary().textContent()).toBe('paused');
    expect(await statusOf(id)).toBe('paused');
    await order(watched.page, 'Resume: tiny');
    await expect.poll(() => summary().textContent()).toBe('running');
    await order(watched.page, 'Abort: tiny');
    await expect.poll(() => summary().textContent()).toBe('aborted');
    expect(await statusOf(id)).toBe('aborted');
    expect(await watched.page.getByRole('button', { name: /^(Pause|Resume|Abort)/ }).count()).toBe(
      0,
    );
    await go('facts', 'tbody tr');
    await watched.page.getByLabel('Only what somebody ordered').check();
    const rows = await watched.page.locator('tbody tr').allTextContents();
    expect(rows).toHaveLength(4);
    for (const row of rows) expect(row).toMatch(new RegExp(`${id}.*operator$`));
    expect(rows[0]).toContain('aborted');
  });

  it('are not given by a dialog that is left, nor where the coordinator refuses', async () => {
    const id = await ground.federation.submit({ rounds: 4, minSites: 3 });
    await go(`jobs/${id}`, 'dl.summary');
    await watched.page.getByRole('button', { name: 'Abort: tiny', exact: true }).click();
    const dialog = watched.page.getByRole('dialog', { name: 'Abort: tiny' });
    await watched.page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'hidden' });
    expect(await statusOf(id)).toBe('running');
    await watched.page.getByRole('button', { name: 'Pause: tiny', exact: true }).click();
    await ground.federation.operator.abortJob(id);
    const asked = watched.page.getByRole('dialog', { name: 'Pause: tiny' });
    const confirm = asked.getByRole('button', { name: 'Pause', exact: true });
    // The page may have noticed already, and taken the order away with its dialog.
    if (await confirm.isVisible()) {
      await confirm.click({ timeout: 2_000 }).catch(() => undefined);
    }
    await expect.poll(() => summary().textContent()).toBe('aborted');
    watched.problems.splice(0);
  });

  it('are given by keyboard alone, and not by pressing one key twice', async () => {
    const id = await ground.federation.submit({ rounds: 4, minSites: 3 });
    await go(`jobs/${id}`, 'dl.summary');
    const { keyboard } = watched.page;
    const pause = watched.page.getByRole('button', { name: 'Pause: tiny', exact: true });
    const dialog = watched.page.getByRole('dialog', { name: 'Pause: tiny' });
    await pause.focus();
    await keyboard.press('Enter');
    await dialog.waitFor();
    await keyboard.press('Enter');
    await dialog.waitFor({ state: 'hidden' });
    expect(await statusOf(id)).toBe('running');
    await keyboard.press('Enter');
    await keyboard.press('Shift+Tab');
    await keyboard.press('Enter');
    await expect.poll(() => summary().textContent()).toBe('paused');
    await ground.federation.operator.abortJob(id);
  });

  it('take one more site into a job that is under way', async () => {
    const id = await ground.federation.submit({ rounds: 4, minSites: 2, sites: ['east', 'north'] });
    await go(`jobs/${id}`, 'dl.summary');
    const { page } = watched;
    await page.getByLabel('Take one more site').selectOption('south');
    await page.getByRole('button', { name: 'Invite', exact: true }).click();
    const members = page.getByRole('region', { name: 'Sites' });
    await members.getByRole('rowheader', { name: 'south' }).waitFor();
    const { gate } = await ground.federation.operator.job(id);
    expect(gate.map(({ site }) => site)).toEqual(['east', 'north', 'south']);
    await ground.federation.operator.abortJob(id);
  });

  it('decide about a quarantined update while its round is held', async () => {
    const id = await heldJob();
    await go(`jobs/${id}`, 'dl.summary');
    await watched.page.getByText('The round waits').waitFor();
    expect(await watched.page.locator('tbody').allTextContents()).toEqual(
      expect.arrayContaining([expect.stringContaining('left out: its norm is far above')]),
    );
    await expectAccessible(watched);
    await photograph(watched, 'held');
    await order(watched.page, 'Average it: south');
    await order(watched.page, 'Leave out: north');
    const answers = async () => {
      const { current } = await ground.federation.operator.job(id);
      return current?.sites.map(({ site, answer }) => [site, answer]);
    };
    expect(await answers()).toEqual([
      ['east', 'answered'],
      ['north', 'quarantined'],
      ['south', 'answered'],
    ]);
    await ground.federation.operator.abortJob(id);
  });

  it('invite a site by a file that is shown once, and that a hospital can enrol with', async () => {
    await go('sites', 'tbody tr');
    const { page } = watched;
    await page.getByLabel('Name of the site').fill('Not A Name');
    await page.getByRole('button', { name: 'Invite', exact: true }).click();
    await page.getByRole('alert').waitFor();
    await page.getByLabel('Name of the site').fill('west');
    await page.getByRole('button', { name: 'Invite', exact: true }).click();
    await expectAccessible(watched);
    await photograph(watched, 'invited');
    const saving = page.waitForEvent('download');
    await page.getByRole('button', { name: 'Save west.invitation.json' }).click();
    const text = await readFile(await (await saving).path(), 'utf8');
    expect(parseInvitation(text, Date.now())).toMatchObject({
      site: 'west',
      federation: FEDERATION,
    });
    await page.getByRole('button', { name: 'Done' }).click();
    expect(await page.content()).not.toContain(JSON.parse(text).token);
    await page.getByRole('rowheader', { name: 'west' }).waitFor();
    watched.problems.splice(0);
  });

  it('revoke a site only by its name, typed', async () => {
    await go('sites', 'tbody tr');
    const { page } = watched;
    await page.getByRole('button', { name: 'Revoke: south', exact: true }).click();
    const dialog = page.getByRole('dialog', { name: 'Revoke: south' });
    await dialog.getByRole('textbox').fill('sout');
    expect(await dialog.getByRole('button', { name: 'Revoke' }).isDisabled()).toBe(true);
    await dialog.getByRole('button', { name: 'Cancel' }).click();
    const typo = await page.request.post(`${ground.desk.origin}/api/sites/south/revoke`, {
      headers: { origin: ground.desk.origin },
      data: { typed: 'north' },
    });
    expect(await typo.json()).toMatchObject({ code: 'dashboard/name-not-typed' });
    expect((await ground.federation.operator.sites()).some(({ revoked }) => revoked)).toBe(false);
    await order(page, 'Revoke: south', 'south');
    const sites = await ground.federation.operator.sites();
    expect(sites.find(({ site }) => site === 'south')?.revoked).toBe(true);
  });

  it('hand in a job file that was looked at, its errors told by line and field before', async () => {
    await go('submit', 'textarea');
    const { page } = watched;
    const job = tinyJob({ rounds: 3 });
    const wrong = { ...job, federation: { ...job.federation, rounds: 0 }, clases: [] };
    await page.getByLabel('The job').fill(JSON.stringify(wrong, null, 2));
    expect(await page.getByRole('button', { name: 'Submit' }).isDisabled()).toBe(true);
    await page.getByRole('button', { name: 'Check' }).click();
    const alert = await page.getByRole('alert').textContent();
    expect(alert).toMatch(/line \d+: federation\.rounds: /);
    expect(alert).toMatch(/line \d+: clases: there is no such key; did you mean "classes"\?/);
    await expectAccessible(watched);
    await photograph(watched, 'errors');
    const path = join(ground.federation.stateDir, 'job.yaml');
    await writeFile(path, JSON.stringify(job, null, 2));
    await page.getByLabel('Job file').setInputFiles(path);
    await page.getByRole('button', { name: 'Check' }).click();
    await page.getByRole('rowheader', { name: 'north' }).waitFor();
    await expectAccessible(watched);
    await photograph(watched, 'checked');
    await page.getByRole('button', { name: 'Submit' }).click();
    await page.waitForSelector('dl.summary .status');
    const [newest] = (await ground.federation.operator.jobs()).slice(-1);
    expect(page.url()).toBe(`${ground.desk.origin}/#/jobs/${newest?.id}`);
    expect(newest).toMatchObject({ name: 'tiny', status: 'running', totalRounds: 3 });
    // Chromium itself tells its console of each answer that refuses.
    expect(watched.problems.splice(0).join()).toMatch(/^[^,]*422[^,]*$/);
    expectQuiet(watched, ground.desk.origin);
  });

  it('are not offered to an observer, and refused by the coordinator whatever the page does', async () => {
    const id = await ground.federation.submit({ rounds: 4, minSites: 2, sites: ['east', 'north'] });
    const files = await observer('olga');
    const { operatorAddress: address } = ground.federation;
    const client = new CoordinatorClient({ address, federation: FEDERATION, ...files });
    const desk = await deskOf(client, files.certificatePem, address);
    const seen = await openWatched(ground.browser, desk.link());
    await seen.page.goto(`${desk.origin}/#/jobs/${id}`);
    await seen.page.waitForSelector('dl.summary');
    expect(await seen.page.locator('header').textContent()).toContain('olga, observer');
    await photograph(seen, 'observer');
    const labels = await seen.page.getByRole('button').allTextContents();
    expect(labels.filter((label) => /Pause|Abort|Leave out/.test(label))).toEqual([]);
    await seen.page.goto(`${desk.origin}/#/sites`);
    await seen.page.waitForSelector('tbody tr');
    expect(await seen.page.getByRole('button', { name: /Revoke|Invite/ }).count()).toBe(0);
    const forced = await seen.page.request.post(`${desk.origin}/api/jobs/${id}/abort`, {
      headers: { origin: desk.origin },
      data: {},
    });
    expect([forced.status(), (await forced.json()).code]).toEqual([403, 'refused/wrong-role']);
    expect(await statusOf(id)).toBe('running');
    expectQuiet(seen, desk.origin);
    await seen.context.close();
    await desk.close();
    client.close();
  });

  /** South's delta is a hundred times as large as an honest one, and the job says that a person decides. */
  async function heldJob(): Promise<string> {
    const { federation } = ground;
    const firewall = { maxNormRatio: 5, minCosine: -0.99, onQuarantine: 'wait' as const };
    const id = await federation.submit({ rounds: 1, minSites: 2, firewall });
    for (const site of federation.sites) await site.workOnce();
    for (const site of federation.sites) {
      const task = await site.nextRoundTask();
      const delta = site.name === 'south' ? enormous() : tinyDelta(site.name, 1);
      await site.deliver(site.sign(task, { delta: encodeWeights(delta) }));
    }
    await waitForJob(federation.operator, id, ({ status }) => status === 'paused');
    return id;
  }

  /** Admitted as people are: a key of their own, a request, a certificate. */
  async function observer(name: string) {
    const folder = join(ground.federation.stateDir, name);
    const own = ['--operator', folder];
    const request = join(ground.federation.stateDir, `${name}.request.pem`);
    const issued = join(ground.federation.stateDir, `${name}.pem`);
    const where = ['--coordinator', ground.federation.operatorAddress];
    const admitting = [...where, '--consortium', ground.consortium.folder];
    for (const words of [
      ['operator', 'request', name, '--output', request, ...own],
      ['operator', 'admit', name, '--request', request, '--output', issued, ...admitting],
      ['operator', 'accept', issued, ...own],
    ]) {
      expect(await fedvox({}, ...words)).toMatchObject({ exitCode: 0 });
    }
    return loadOperator(folder);
  }
});

function enormous(): Weights {
  const honest = [...tinyDelta('south', 1)];
  return new Map(
    honest.map(([name, { shape, data }]) => [
      name,
      { shape, data: data.map((each) => 100 * each) },
    ]),
  );
}
