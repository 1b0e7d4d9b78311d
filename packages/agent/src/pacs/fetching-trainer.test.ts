import { jobSchema } from '@fedvox/job';
import { describe, expect, it } from 'vitest';
import type { Trainer, WorkOrder } from '../core/trainer.js';
import { TEST_JOB } from '../testing/site.js';
import { FetchingTrainer } from './fetching-trainer.js';

const job = jobSchema.parse(TEST_JOB);
const gate: WorkOrder = { job, work: { kind: 'check-data' }, deltaPath: '/nowhere' };
const round: WorkOrder = {
  ...gate,
  work: { kind: 'evaluate', round: 3, baseModel: 'a'.repeat(64) },
};

/** What happened, in order. */
function scene(filled: boolean) {
  const events: string[] = [];
  const trainer: Trainer & { close(): Promise<void> } = {
    run: async ({ work }) => {
      events.push(work.kind);
      return { kind: 'checked', outcome: 'pass', validationCases: 1 };
    },
    close: async () => void events.push('close'),
  };
  const archive = {
    isFilled: () => filled,
    fill: async () => void events.push('fill'),
  };
  return { events, fetching: new FetchingTrainer(trainer, archive) };
}

const run = (trainer: Trainer, order: WorkOrder) =>
  trainer.run(order, new AbortController().signal, () => undefined);

describe('a trainer whose cases are in an archive', () => {
  it('fetches before the data gate, and not again while the job goes on', async () => {
    const { events, fetching } = scene(true);
    await run(fetching, gate);
    await run(fetching, round);
    expect(events).toEqual(['fill', 'check-data', 'evaluate']);
  });

  it('fetches in the middle of a job where what was fetched is gone', async () => {
    const { events, fetching } = scene(false);
    await run(fetching, round);
    expect(events).toEqual(['fill', 'evaluate']);
  });

  it('does not train where the archive gives nothing', async () => {
    const archive = { isFilled: () => true, fill: () => Promise.reject(new Error('archive away')) };
    const fetching = new FetchingTrainer(
      { run: () => Promise.reject(new Error('ran')), close: async () => undefined },
      archive,
    );
    await expect(run(fetching, gate)).rejects.toThrow('archive away');
  });
});
