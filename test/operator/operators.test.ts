import { cp, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Clock } from '@fedvox/base';
import { silentLogger, systemClock } from '@fedvox/base/system';
import { type RunningCoordinator, startCoordinator } from '@fedvox/coordinator';
import { CoordinatorClient } from '@fedvox/coordinator/client';
import { loadOperator, readCertificate, saveOperator } from '@fedvox/pki';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createTestConsortium, FEDERATION, type TestConsortium } from '../support/consortium.js';
import { enrollAll, operatorOf, submitTinyJob, testConfig } from '../support/federation.js';
import { fedvox } from './command.js';

const DAY_MS = 86_400_000;

let template: TestConsortium;
let root: string;
let consortium: TestConsortium;
let coordinator: RunningCoordinator;
beforeAll(async () => {
  template = await createTestConsortium();
  return () => template.remove();
});
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'fedvox-operators-'));
  consortium = { ...template, folder: join(root, 'consortium') };
  for (const suffix of ['', '-operator']) {
    const folder = `${consortium.folder}${suffix}`;
    await cp(`${template.folder}${suffix}`, folder, { recursive: true });
  }
  await start();
});
afterEach(async () => {
  await coordinator.stop();
  await rm(root, { recursive: true });
});

async function start(clock: Clock = systemClock): Promise<void> {
  const config = testConfig(consortium, join(root, 'state'));
  coordinator = await startCoordinator(config, { log: silentLogger(), clock });
}

const at = (name: string) => join(root, name);
/** What somebody types who has that folder. */
const as = (folder: string, ...words: string[]) => {
  const where = ['--coordinator', `localhost:${coordinator.httpPort}`, '--operator', at(folder)];
  return fedvox({}, ...words, ...where);
};
const asFirst = (...words: string[]) => as('consortium-operator', ...words);

/** The three commands, as their texts say them. */
async function admit(name: string, ...more: string[]): Promise<void> {
  const own = ['--operator', at(name)];
  const request = at(`${name}.request.pem`);
  const asked = await fedvox({}, 'operator', 'request', name, '--output', request, ...own);
  expect(asked).toMatchObject({ exitCode: 0, stderr: '' });
  const issued = ['--request', request, '--output', at(`${name}.pem`)];
  const admitted = await asFirst('operator', 'admit', name, ...issued, ...more);
  expect(admitted).toMatchObject({ exitCode: 0, stderr: '' });
  const accepted = await fedvox({}, 'operator', 'accept', at(`${name}.pem`), ...own);
  expect(accepted).toMatchObject({ exitCode: 0, stderr: '' });
}

async function clientOf(folder: string): Promise<CoordinatorClient> {
  const address = `localhost:${coordinator.httpPort}`;
  const files = await loadOperator(at(folder));
  return new CoordinatorClient({ address, federation: FEDERATION, ...files });
}

describe('an observer', () => {
  it('is admitted without its key going anywhere, reads, and is refused each order by name', async () => {
    await admit('olga');
    const { stdout } = await as('olga', 'operator', 'list');
    expect(stdout).toMatch(/^olga +observer +counts/m);
    expect(stdout).toMatch(/^operator +operator +counts/m);
    expect(await as('olga', 'job', 'list')).toMatchObject({ exitCode: 0 });
    for (const words of [
      ['site', 'invite', 'north', '--output', at('north.json')],
      ['site', 'revoke', 'north'],
      ['job', 'abort', 'none'],
      ['operator', 'revoke', 'operator'],
    ]) {
      const { exitCode, stderr } = await as('olga', ...words);
      expect(exitCode).toBe(1);
      expect(stderr).toContain(
        'error: this certificate is for the role observer; the call is for operators',
      );
    }
  });

  it('is known by the folder that decides at the next start', async () => {
    await admit('olga');
    await coordinator.stop();
    await rm(at('state'), { recursive: true });
    await start();
    expect(await as('olga', 'job', 'list')).toMatchObject({ exitCode: 0 });
    await coordinator.stop();
    await rm(join(consortium.folder, 'operators', 'olga.pem'));
    await start();
    const { stderr } = await as('olga', 'job', 'list');
    expect(stderr).toContain('the certificate of olga is not among those known here');
  });
});

describe('an operator', () => {
  it('stands by name beside what it ordered', async () => {
    await admit('anna', '--role', 'operator');
    const first = operatorOf(consortium, coordinator.httpPort);
    const sites = await enrollAll(consortium, first);
    const anna = await clientOf('anna');
    const id = await submitTinyJob(anna, root, { rounds: 1, minSites: 2 });
    await first.pauseJob(id);
    await anna.resumeJob(id);
    await first.revokeSite('north');
    await anna.abortJob(id);
    await first.deleteJob(id, 'tiny');
    const ordered = (await anna.events(0)).flatMap(({ fact }) =>
      'by' in fact ? [[fact.kind, fact.by]] : [],
    );
    expect(ordered).toEqual([
      ['job-submitted', 'anna'],
      ['job-paused', 'operator'],
      ['job-resumed', 'anna'],
      ['site-revoked', 'operator'],
      ['job-aborted', 'anna'],
      ['job-deleted', 'operator'],
    ]);
    for (const each of [first, anna, ...sites]) each.close();
  });

  it('that is revoked is shut out at once, and no older state nor a new certificate lets its key in', async () => {
    await admit('anna', '--role', 'operator');
    await coordinator.stop();
    await cp(at('state'), at('backup'), { recursive: true });
    await start();
    const anna = await clientOf('anna');
    await anna.jobs();
    expect(await asFirst('operator', 'revoke', 'anna')).toMatchObject({ exitCode: 0 });
    await expect(anna.jobs()).rejects.toMatchObject({ code: 'refused/revoked' });
    anna.close();
    await coordinator.stop();
    await rm(at('state'), { recursive: true });
    await cp(at('backup'), at('state'), { recursive: true });
    await fedvox({}, 'consortium', 'renew', '--dir', consortium.folder);
    const reissued = await readFile(join(consortium.folder, 'operators', 'anna.pem'), 'utf8');
    await saveOperator(at('anna'), {
      ...(await loadOperator(at('anna'))),
      certificatePem: reissued,
    });
    await start();
    const { stderr } = await as('anna', 'job', 'list');
    expect(stderr).toContain('the certificate of anna was revoked');
    const again = await fedvox({}, 'operator', 'request', 'anna', '--operator', at('anna'));
    expect(again.stderr).toContain('has an operator’s certificate already');
    await rm(at('anna'), { recursive: true });
    await admit('anna', '--role', 'operator');
    expect(await as('anna', 'job', 'list')).toMatchObject({ exitCode: 0 });
  });

  it('is not revoked where it is the last one', async () => {
    await admit('olga');
    const { exitCode, stderr } = await asFirst('operator', 'revoke', 'operator');
    expect(exitCode).toBe(1);
    expect(stderr).toContain('operator is the last operator');
    expect(await asFirst('operator', 'revoke', 'nobody')).toMatchObject({ exitCode: 1 });
  });

  it('is not admitted by a name that counts, nor with a key that somebody else has', async () => {
    await admit('anna');
    const request = ['--request', at('anna.request.pem'), '--output', at('x.pem')];
    const twice = await asFirst('operator', 'admit', 'anna', ...request);
    expect(twice.stderr).toContain('anna has a certificate that counts');
    const shared = await asFirst('operator', 'admit', 'bert', ...request);
    expect(shared).toMatchObject({ exitCode: 1 });
    expect(await asFirst('operator', 'list')).toMatchObject({
      stdout: expect.not.stringContaining('bert'),
    });
  });

  it('renews its certificate by any command once a third of its life is left, for its own key', async () => {
    await admit('olga');
    const before = await loadOperator(at('olga'));
    await as('olga', 'job', 'list');
    expect(await loadOperator(at('olga'))).toEqual(before);
    await coordinator.stop();
    const later: Clock = { ...systemClock, nowMs: () => Date.now() + 300 * DAY_MS };
    await start(later);
    const client = await clientOf('olga');
    const { certificatePem } = await client.renewOperator();
    client.close();
    const [was, is] = [before.certificatePem, certificatePem].map((pem) => readCertificate(pem));
    expect(is?.keyId).toBe(was?.keyId);
    expect(is?.identity).toEqual(was?.identity);
    expect((is?.notAfterMs ?? 0) - (was?.notAfterMs ?? 0)).toBeGreaterThan(299 * DAY_MS);
    await coordinator.stop();
    await start();
    expect(await as('olga', 'job', 'list')).toMatchObject({ exitCode: 0 });
  });
});
