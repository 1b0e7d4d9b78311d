import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Clock } from '@fedvox/base';
import { silentLogger, systemClock } from '@fedvox/base/system';
import { directReader, type Reader } from '@fedvox/imaging';
import { jobSchema } from '@fedvox/job';
import { initialModel } from '@fedvox/learning';
import { encodeWeights } from '@fedvox/weights';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { WorkOrder } from '../core/trainer.js';
import { writePhantoms } from '../testing/phantom.js';
import { TEST_JOB } from '../testing/site.js';
import { runOrder } from './run-order.js';

const job = jobSchema.parse(TEST_JOB);
/** Every file was changed long ago. */
const LATER: Clock = { ...systemClock, nowMs: () => systemClock.nowMs() + 60_000 };
const ORDERS: readonly WorkOrder['work'][] = [
  { kind: 'check-data' },
  { kind: 'train', round: 1, baseModel: 'a'.repeat(64) },
  { kind: 'train', round: 2, baseModel: 'a'.repeat(64) },
  { kind: 'evaluate', round: 3, baseModel: 'a'.repeat(64) },
];

let folder: string;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'fedvox-order-'));
  await writePhantoms(join(folder, 'data'), 6);
  writeFileSync(join(folder, 'base.safetensors'), encodeWeights(initialModel(job)));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** Carries out orders one after the other; how often each asked for the cases, and which scan it was given. */
async function carriedOut(works: readonly WorkOrder['work'][]) {
  let looks = 0;
  const reader: Reader = {
    ...directReader,
    openDataset: (spec, classes, options) => {
      looks++;
      return directReader.openDataset(spec, classes, { ...options, clock: LATER });
    },
  };
  const workplace = {
    reader,
    clock: systemClock,
    log: silentLogger(),
    onProgress: () => undefined,
  };
  const setup = {
    site: 'north',
    dataset: { kind: 'msd', path: join(folder, 'data') },
    cacheDir: join(folder, 'cache'),
    splitsDir: join(folder, 'splits'),
    headerIndex: join(folder, 'headers.index'),
    engine: 'cpu',
    logLevel: 'silent',
  } as const;
  const done: { looks: number; scan: number; cases: unknown }[] = [];
  for (const work of works) {
    looks = 0;
    const files = {
      baseModelPath: join(folder, 'base.safetensors'),
      deltaPath: join(folder, 'delta.safetensors'),
    };
    const result = await runOrder(setup, { job, work, ...files }, workplace);
    // What a scan finds replaces the file of what the last one found.
    const { ino } = statSync(join(folder, 'datasets.index'));
    const { validationCases } = result;
    const cases =
      result.kind === 'measured' ? [result.trainCases, validationCases] : validationCases;
    done.push({ looks, scan: ino, cases });
  }
  return done;
}

describe('the orders of a job', () => {
  it('look at the site’s folder once each, and scan it once for all of them', async () => {
    const done = await carriedOut(ORDERS);
    expect(done.map(({ looks }) => looks)).toEqual([1, 1, 1, 1]);
    expect(new Set(done.map(({ scan }) => scan)).size).toBe(1);
    expect(done.map(({ cases }) => cases)).toEqual([1, [5, 1], [5, 1], [5, 1]]);
  });

  it('see a case that came in between', async () => {
    const [train] = ORDERS.slice(1) as [WorkOrder['work']];
    const [before] = await carriedOut([train]);
    await writePhantoms(join(folder, 'data'), 7);
    const [after, again] = await carriedOut([train, train]);
    expect([before!.cases, after!.cases, again!.cases]).toEqual([
      [5, 1],
      [6, 1],
      [6, 1],
    ]);
    expect(after!.scan).not.toBe(before!.scan);
    expect(again!.scan).toBe(after!.scan);
  });
});
