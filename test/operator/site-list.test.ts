import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Clock } from '@fedvox/base';
import { silentLogger, systemClock } from '@fedvox/base/system';
import { type RunningCoordinator, startCoordinator } from '@fedvox/coordinator';
import type { CoordinatorClient } from '@fedvox/coordinator/client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTestConsortium, type TestConsortium } from '../support/consortium.js';
import { operatorOf, testConfig } from '../support/federation.js';
import { enrollScriptedSite } from '../support/scripted-site.js';
import { fedvox } from './command.js';

const DAY_MS = 86_400_000;

describe('fedvox site list', () => {
  let consortium: TestConsortium;
  let stateDir: string;
  let coordinator: RunningCoordinator;
  let operator: CoordinatorClient;
  let aheadMs = 0;
  const clock: Clock = { ...systemClock, nowMs: () => Date.now() + aheadMs };
  const start = async () => {
    const config = testConfig(consortium, stateDir);
    coordinator = await startCoordinator(config, { log: silentLogger(), clock });
    operator = operatorOf(consortium, coordinator.httpPort);
  };
  const stop = async () => {
    operator.close();
    await coordinator.stop();
  };
  beforeAll(async () => {
    consortium = await createTestConsortium();
    stateDir = await mkdtemp(join(tmpdir(), 'fedvox-sites-'));
    await start();
  });
  afterAll(async () => {
    await stop();
    await consortium.remove();
    await rm(stateDir, { recursive: true });
  });
  const list = async () => {
    const where = ['--coordinator', `localhost:${coordinator.httpPort}`];
    const { stdout } = await fedvox(
      {},
      'site',
      'list',
      ...where,
      '--consortium',
      consortium.folder,
    );
    return stdout;
  };

  it('says invited, at work, away since when and revoked, also after a restart', async () => {
    await operator.inviteSite('west');
    const north = await enrollScriptedSite(consortium, operator, 'north');
    await enrollScriptedSite(consortium, operator, 'south').then((site) => site.close());
    await operator.revokeSite('south');
    await north.client.heartbeat({ job: 'none', round: 1, state: 'idle' });
    north.close();
    expect(await list()).toMatch(
      /^north +enrolled +idle, 20\S+Z .*\nsouth +revoked +never seen .*\nwest +invited until 20\S+Z +- +-$/m,
    );

    await stop();
    await start();
    expect(await list()).toMatch(/^north +enrolled +seen, 20\S+Z/m);
    aheadMs = 30 * DAY_MS;
    expect(await list()).toMatch(/^north +enrolled +away since 20\S+Z/m);
    expect(await list()).toMatch(/^west +invitation ended 20/m);
  });
});
