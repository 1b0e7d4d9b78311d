import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { enroll, resolveSiteConfig, siteConfigSchema } from '@fedvox/agent';
import { systemClock } from '@fedvox/base/system';
import type { DoctorReport } from '@fedvox/installation';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createTestConsortium, type TestConsortium } from '../support/consortium.js';
import { reservePorts } from '../support/coordinator-process.js';
import { startTestFederation, testConfig } from '../support/federation.js';
import { fedvox } from './command.js';

const OF_MACHINE = ['program', 'system', 'processor', 'memory'];
const OF_ENGINE = ['engine', 'GPU', 'disk', 'clock'];

let consortium: TestConsortium;
let root: string;
beforeAll(async () => {
  consortium = await createTestConsortium();
  return () => consortium.remove();
});
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'fedvox-doctor-'));
});
afterEach(() => rm(root, { recursive: true }));

async function report(...args: string[]): Promise<DoctorReport & { readonly exitCode: number }> {
  const { exitCode, stdout } = await fedvox(process.env, 'doctor', '--json', ...args);
  return { exitCode, ...(JSON.parse(stdout) as DoctorReport) };
}
const line = ({ lines }: DoctorReport, name: string) => lines.find(({ what }) => what === name);

/** Writes `site.yaml`, and what it holds. */
async function siteConfig(coordinator: string, more = {}) {
  const path = join(root, 'site.yaml');
  const data = { kind: 'dicom', path: root, labels: { organ: 'organ' } };
  const site = { site: 'late', stateDir: 'state', coordinator, data, engine: 'cpu', ...more };
  await writeFile(path, JSON.stringify(site));
  return { path, config: resolveSiteConfig(siteConfigSchema.parse(site), path) };
}

// Each tries the engine in a process of its own.
describe('fedvox doctor', { timeout: 120_000 }, () => {
  it('looks at the machine alone without a configuration, and prints what to do below each', async () => {
    const found = await report();
    expect(found.lines.map(({ what }) => what)).toEqual([...OF_MACHINE, ...OF_ENGINE]);
    expect(line(found, 'program')?.text).toContain(process.versions.node);
    expect(found.ok).toBe(found.exitCode === 0);
    const { stdout } = await fedvox(process.env, 'doctor');
    expect(stdout).toMatch(/^(ok {5}|WARNING) {2}processor: .+, \d+ thread\(s\)/m);
    expect(stdout).toMatch(/^ok {6} clock: \d{4}-\d\d-\d\dT/m);
  });

  it('of a coordinator looks at what its own check looks at, and wants no engine', async () => {
    const config = testConfig(consortium, join(root, 'state'), await reservePorts());
    const { federation, stateDir, consortiumDir, publicHost, listen } = config;
    const path = join(root, 'coordinator.yaml');
    const yaml = { federation, stateDir, consortiumDir, publicHost, listen };
    await writeFile(path, JSON.stringify(yaml));
    const found = await report('--config', path);
    expect(found).toMatchObject({ ok: true, exitCode: 0 });
    const [machine, own] = [found.lines.slice(0, 4), found.lines.slice(4)];
    expect(machine.map(({ what }) => what)).toEqual(OF_MACHINE);
    expect(own.map(({ what }) => what)).toEqual(expect.arrayContaining(['certificates', 'ports']));
  });

  it('of a site says whether the coordinator answers, how its clock stands, and until when the certificate lasts', async () => {
    const federation = await startTestFederation(consortium);
    try {
      const { path, config } = await siteConfig(federation.federationAddress);
      const before = await report('--config', path);
      expect(before).toMatchObject({ ok: false, exitCode: 1 });
      expect(line(before, 'credentials')).toMatchObject({
        state: 'failure',
        advice: expect.stringContaining('fedvox agent enroll'),
      });

      const { expiresAtMs, ...invitation } = await federation.operator.inviteSite('late');
      const expiresAt = new Date(expiresAtMs).toISOString();
      await enroll(config, { kind: 'fedvox/invitation/v1', ...invitation, expiresAt }, systemClock);
      const after = await report('--config', path);
      expect(line(after, 'coordinator')?.text).toMatch(/ answers for .*, its clock as here$/);
      expect(line(after, 'credentials')?.text).toMatch(/valid until \d{4}-\d\d-\d\d$/);
      expect(after).toMatchObject({ ok: true, exitCode: 0 });
    } finally {
      await federation.stop();
    }
    const { path } = await siteConfig('localhost:9');
    const unreached = await report('--config', path);
    expect(unreached.exitCode).toBe(1);
    expect(line(unreached, 'coordinator')).toMatchObject({ state: 'failure' });
  });

  it('fails where the site asks for an engine that is not to be had', async () => {
    const { path } = await siteConfig('localhost:9', { engine: 'auto', device: 'cuda:99' });
    expect(line(await report('--config', path), 'engine')).toMatchObject({ state: 'failure' });
  });

  it('leaves it to whoever reads a configuration to say what is wrong with it', async () => {
    const path = join(root, 'site.yaml');
    await writeFile(path, 'neither: nor');
    const { exitCode, stderr } = await fedvox({}, 'doctor', '--config', path);
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(/^error: site configuration .* problem\(s\)/);
  });
});
