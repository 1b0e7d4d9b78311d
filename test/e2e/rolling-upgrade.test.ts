import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { stateFolder } from '@fedvox/agent/records';
import { programVersion } from '@fedvox/base/system';
import { folderOutlook } from '@fedvox/coordinator';
import type { CoordinatorClient } from '@fedvox/coordinator/client';
import { PROTOCOL_VERSION } from '@fedvox/protocol';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTestConsortium, type TestConsortium } from '../support/consortium.js';
import { buildPackages, reservePorts } from '../support/coordinator-process.js';
import { operatorOf } from '../support/federation.js';
import { Ground, PARTIES, type Party } from '../support/ground.js';
import { Mortal } from '../support/mortal.js';

const OLDER = { program: programVersion(), protocolVersion: PROTOCOL_VERSION };
/** The same code says that it is the next minor version. */
const NEWER = { program: '0.99.0', protocolVersion: PROTOCOL_VERSION + 1 };
const ROUNDS = 10;
/** The coordinator first, then each site; a round or two after another. */
const UPGRADED_AFTER: Readonly<Record<Party, number>> = {
  coordinator: 1,
  east: 3,
  north: 5,
  south: 7,
};
/** Of a site's work, so that a program is stopped in the midst of it. */
const SLOW_MS = 60;

describe('a federation of which each program is upgraded while a job runs', () => {
  let consortium: TestConsortium;
  let ground: Ground;
  beforeAll(async () => {
    buildPackages('coordinator', 'agent');
    consortium = await createTestConsortium();
    ground = await Ground.lay(consortium, { rounds: ROUNDS });
  }, 180_000);
  afterAll(async () => {
    await ground.remove();
    await consortium.remove();
  });

  it('ends in the same models and receipts as one that nobody touched', async () => {
    const untouched = await ground.suffer({});
    const folder = await ground.copy();
    const ports = await reservePorts();
    const done = new AbortController();
    const lives = new Map<Party, { readonly mortal: Mortal; readonly lived: Promise<void> }>();
    const start = (party: Party, version: typeof OLDER) => {
      const env = { FEDVOX_PLAY: JSON.stringify({ ...version, slowMs: SLOW_MS }) };
      const settings = ground.settings(party, folder, ports);
      const mortal = new Mortal(party, () => ({ settings, env }));
      const ended = new AbortController();
      const lived = mortal.live(AbortSignal.any([done.signal, ended.signal]));
      lives.set(party, { mortal, lived });
      return async () => {
        ended.abort();
        await mortal.stop();
        await lived;
      };
    };
    const stops = new Map(PARTIES.map((party) => [party, start(party, OLDER)]));
    const operator = operatorOf(consortium, ports.httpPort);
    try {
      for (const party of PARTIES) {
        await untilRound(operator, ground.job, UPGRADED_AFTER[party]);
        await stops.get(party)?.();
        stops.set(party, start(party, NEWER));
      }
      const died = [...lives.values()].map(({ lived }) => lived);
      await Promise.race([ground.untilEnded(operator, folder), ...died]);
      expect(await operator.health()).toMatchObject({ version: NEWER.program });
      for (const party of PARTIES) if (party !== 'coordinator') await expectUpgraded(folder, party);
    } finally {
      done.abort();
      operator.close();
      await Promise.all([...stops.values()].map((stop) => stop()));
    }
    expect(await ground.outcome(folder)).toEqual(untouched);
    expect(untouched.rounds.length).toBeGreaterThan(ROUNDS);
    const outlook = await folderOutlook(join(folder, 'coordinator'));
    expect(outlook.canGoOn).toBe(true);
    await rm(folder, { recursive: true });
  }, 240_000);
});

/** Until so many rounds are committed; the coordinator may be away meanwhile. */
async function untilRound(operator: CoordinatorClient, job: string, round: number): Promise<void> {
  for (;;) {
    const found = await operator.job(job).then(
      ({ rounds }) => rounds.filter(({ modelSha256 }) => modelSha256 !== null).length,
      () => 0, // It is starting.
    );
    if (found >= round) return;
    await setTimeout(20);
  }
}

async function expectUpgraded(folder: string, site: string): Promise<void> {
  const { version, status } = stateFolder(join(folder, site));
  expect(JSON.parse(await readFile(version, 'utf8'))).toMatchObject({ program: NEWER.program });
  expect(JSON.parse(await readFile(status, 'utf8'))).toMatchObject({ program: NEWER.program });
}
