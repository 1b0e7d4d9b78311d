import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { readLedger, stateFolder } from '@fedvox/agent';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { waitForJob } from '../support/federation.js';
import {
  RECORDED_JOBS,
  RECORDED_SITES,
  RecordedFederation,
} from '../support/recorded-federation.js';

describe('invariant 2: a federation whose state an earlier version left, killed in a round', () => {
  let recorded: RecordedFederation;
  let stop: () => Promise<void>;
  const { ended, paused, running } = RECORDED_JOBS;
  const ledgers = new Map<string, string>();
  beforeAll(() => {
    recorded = new RecordedFederation();
    for (const site of RECORDED_SITES) {
      const { egressLedger } = stateFolder(recorded.siteFolder(site));
      ledgers.set(site, readFileSync(egressLedger, 'utf8'));
    }
  });
  afterAll(async () => {
    await stop();
    recorded.remove();
  });

  it('goes on with every job, to the bytes that the earlier version would have made', async () => {
    const coordinator = await recorded.startCoordinator();
    const operator = recorded.operator(coordinator);
    const agents = await Promise.all(
      RECORDED_SITES.map((site) => recorded.startAgent(site, coordinator)),
    );
    stop = async () => {
      await Promise.all(agents.map((agent) => agent.stop()));
      operator.close();
      await coordinator.stop();
    };
    await operator.resumeJob(paused.id);

    for (const { id, rounds, best } of [ended, paused, running]) {
      const job = await waitForJob(operator, id, ({ status }) => status === 'completed');
      expect(job.rounds.map(({ modelSha256 }) => modelSha256)).toEqual(rounds);
      expect(job.best).toEqual(best);
    }
    // Three rounds, and the evaluation of the last model.
    for (const round of [1, 2, 3, 4]) {
      const updates = await operator.updates(running.id, round);
      expect(updates.map(({ site }) => site)).toEqual(RECORDED_SITES);
    }
  }, 60_000);

  it.each(RECORDED_SITES)(
    'leaves %s the receipt of each round, in a ledger without a gap',
    async (site) => {
      const { outbox, receipts, egressLedger, version } = stateFolder(recorded.siteFolder(site));
      const answered = [ended, paused, running].flatMap(({ rounds }) => rounds);
      await expect.poll(() => readdirSync(outbox)).toEqual([]);
      expect(readdirSync(receipts)).toHaveLength(answered.length);
      expect(existsSync(version)).toBe(true);
      expect(readFileSync(egressLedger, 'utf8').startsWith(ledgers.get(site) ?? '?')).toBe(true);
      let entries = 0;
      for await (const { n } of readLedger(egressLedger)) {
        entries += 1;
        expect(n).toBe(entries);
      }
    },
  );
});
