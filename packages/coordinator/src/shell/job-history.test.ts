import { sha256 } from '@fedvox/base';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { JobFact } from '../core/facts.js';
import { submitJob } from '../core/job-machine.js';
import { openSqliteStore } from '../store/sqlite-store.js';
import type { Store } from '../store/store.js';
import { planOf } from '../testing/store-contract.js';
import { JobHistory } from './job-history.js';

const { state, facts } = submitJob(planOf('job'), 5);

let store: Store;
beforeEach(async () => {
  store = await openSqliteStore(':memory:');
  const jobSha256 = sha256('job');
  await store.addJob({ name: 'a-job', jobSha256, submittedAtMs: 5, state, facts });
});
afterEach(() => store.close());

async function happens(kind: 'round-opened' | 'round-committed', round: number): Promise<void> {
  const [baseModel, model] = [sha256('base'), sha256(`model ${round}`)];
  const fact = { kind, round, work: 'train', baseModel, model, deadlineAtMs: 99 } as JobFact;
  const seen = (await store.job('job'))!;
  await store.record({ state, seen, facts: [fact], atMs: 10 * round });
}

describe('what is remembered of a job', () => {
  it('is what the store tells, of which rounds that were committed are read once', async () => {
    const froms: (number | undefined)[] = [];
    const rounds: Store['rounds'] = (jobId, from) => {
      froms.push(from);
      return store.rounds(jobId, from);
    };
    const history = new JobHistory({ store: { ...store, rounds }, blobs: undefined as never });
    expect(await history.rounds('job')).toEqual([]);
    for (const round of [1, 2, 3]) {
      await happens('round-opened', round);
      expect(await history.rounds('job')).toEqual(await store.rounds('job'));
      await happens('round-committed', round);
      expect(await history.rounds('job')).toEqual(await store.rounds('job'));
      expect(await history.rounds('another')).toEqual([]);
    }
    // Two looks at each round while it is the last one, and one of another job.
    expect(froms).toEqual([1, 1, 1, 1, 2, 2, 1, 3, 3, 1]);
  });
});
