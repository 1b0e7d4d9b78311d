import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { VirtualClock } from '@fedvox/base';
import type { EpochReport } from '@fedvox/learning';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { eventRecord, type TrainingEvent } from './event-records.js';
import { TensorBoardLog } from './tensorboard-log.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fedvox-tensorboard-'));
});
afterEach(() => rm(folder, { recursive: true }));

const startMs = 1_700_000_000_500;
const evaluation = {
  ...{ dice: 0.5, auc: null, validationCases: 2, surfaceToleranceMm: 1 },
  perClass: [
    { name: 'organ', dice: 0.5 },
    { name: 'lesion', dice: null },
  ] as never,
};
const report = {
  ...{ epoch: 2, meanLoss: 0.75, learningRate: 0.01, volumesPerSecond: 3, dataWaitFraction: 0 },
  evaluation,
} satisfies EpochReport;

async function contentOf(): Promise<Buffer> {
  const names = (await readdir(folder)).filter((name) => name.includes('tfevents'));
  expect(names).toEqual([
    expect.stringMatching(/^events\.out\.tfevents\.1700000000\.fedvox\.\w+$/),
  ]);
  return readFile(join(folder, names[0] as string));
}

const recordsOf = (...events: readonly TrainingEvent[]) =>
  Buffer.concat(events.map((event) => eventRecord(event, startMs)));

describe('a training for TensorBoard', () => {
  it('is its batches, its epochs and nothing of what is undefined, as they come', async () => {
    const log = await TensorBoardLog.in(folder, new VirtualClock({ startMs }));
    log.batch({ phase: 'evaluating', done: 1, total: 4 });
    // One that goes on, in the last batch of its second epoch.
    log.batch({ phase: 'training', done: 4, total: 4, epoch: 2, epochs: 9, loss: 0.5 });
    const first = recordsOf(
      { kind: 'version' },
      { kind: 'start', step: 8 },
      { kind: 'scalars', step: 8, values: { 'loss/batch': 0.5 } },
    );
    expect(await contentOf()).toEqual(first);
    log.epoch(report);
    const values = {
      ...{ epoch: 2, 'loss/epoch': 0.75, volumes_per_second: 3, 'validation/dice': 0.5 },
      ...{ 'validation/dice/organ': 0.5, learning_rate: 0.01 },
    };
    const second = recordsOf({ kind: 'scalars', step: 8, values });
    expect(await contentOf()).toEqual(Buffer.concat([first, second]));
  });

  it('is refused before it begins where its folder cannot be one', async () => {
    await writeFile(join(folder, 'file'), '');
    const log = TensorBoardLog.in(join(folder, 'file'), new VirtualClock({ startMs }));
    await expect(log).rejects.toMatchObject({ code: 'cli/folder-unwritable' });
  });
});
