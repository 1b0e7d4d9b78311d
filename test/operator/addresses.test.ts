import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { networkInterfaces, tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLogger } from '@fedvox/base/system';
import {
  coordinatorConfigSchema,
  type RunningCoordinator,
  startCoordinator,
} from '@fedvox/coordinator';
import { initConsortium } from '@fedvox/pki';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fedvox } from './command.js';

const hasIpv6 = Object.values(networkInterfaces()).some((addresses) =>
  addresses?.some(({ address }) => address === '::1'),
);

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fedvox-addresses-'));
  const consortium = join(folder, 'consortium');
  const hosts = ['localhost', '::1'];
  await initConsortium({ folder: consortium, federation: 'testfed', hosts, nowMs: Date.now() });
});
afterAll(() => rm(folder, { recursive: true }));

function start(publicHost: string, host: string): Promise<RunningCoordinator> {
  const config = coordinatorConfigSchema.parse({
    federation: 'testfed',
    stateDir: join(folder, `state-${host.replaceAll(':', '')}`),
    consortiumDir: join(folder, 'consortium'),
    publicHost,
    listen: { host, federationPort: 0, enrollmentPort: 0, httpPort: 0 },
  });
  return startCoordinator(config, { log: silentLogger() });
}

const listSites = (coordinator: string) =>
  fedvox(
    {},
    'site',
    'list',
    '--coordinator',
    coordinator,
    '--consortium',
    join(folder, 'consortium'),
  );

describe('an operator who mistypes the coordinator’s address', () => {
  let coordinator: RunningCoordinator;
  beforeAll(async () => {
    coordinator = await start('localhost', 'localhost');
  });
  afterAll(() => coordinator.stop());

  it.each(['federationPort', 'enrollmentPort'] as const)(
    'and dials the %s is told which port serves operators',
    async (port) => {
      const { exitCode, stderr } = await listSites(`localhost:${coordinator[port]}`);
      expect(exitCode).toBe(1);
      expect(stderr).toMatch(
        /^error: localhost:\d+ answers, but does not serve operators: .*\n→ .*listen\.httpPort/,
      );
    },
  );

  it.each([
    ['https://localhost:8445', /neither a scheme nor a path/, 'localhost:8445'],
    ['localhost', /it has no port/, 'localhost:8445'],
    ['::1', /an IPv6 address needs brackets/, '[::1]:8445'],
    ['::1:18445', /an IPv6 address needs brackets/, '[::1]:18445'],
  ])('as %s is told what is wrong and what was meant', async (address, problem, meant) => {
    const { exitCode, stderr } = await listSites(address);
    expect(exitCode).toBe(1);
    expect(stderr).toContain(`error: the coordinator’s address "${address}" cannot be dialled`);
    expect(stderr).toMatch(problem);
    expect(stderr).toContain(`→ Give host:port, here probably ${meant}.`);
  });
});

describe('a coordinator', () => {
  it('does not start under a name that its certificate lacks', async () => {
    await expect(start('fed.example.org', 'localhost')).rejects.toMatchObject({
      code: 'coordinator/public-host-not-certified',
      message: expect.stringMatching(
        /^publicHost is fed\.example\.org, but the certificate in .*consortium is for localhost, /,
      ),
    });
  });

  it.skipIf(!hasIpv6)('serves over IPv6, its address in brackets wherever it is told', async () => {
    const coordinator = await start('::1', '::1');
    const address = `[::1]:${coordinator.httpPort}`;
    expect(await listSites(address)).toMatchObject({ exitCode: 0 });
    const site = join(folder, 'site.yaml');
    await writeFile(site, 'site: north\nstateDir: north\ndata: {kind: msd, path: scans}\n');
    const invitation = join(folder, 'north.json');
    const where = ['--coordinator', address, '--consortium', join(folder, 'consortium')];
    await fedvox({}, 'site', 'invite', 'north', '--output', invitation, ...where);
    const enrol = await fedvox({}, 'agent', 'enroll', '--config', site, '--invitation', invitation);
    expect(enrol).toMatchObject({ exitCode: 0, stderr: '' });
    const { stdout } = await fedvox({}, 'agent', 'check', '--config', site, '--json');
    const { text } = JSON.parse(stdout).lines.find(
      ({ what }: { what: string }) => what === 'coordinator',
    );
    expect(text).toMatch(/^\[::1\]:\d+ answers for testfed/);
    await coordinator.stop();
  });
});
