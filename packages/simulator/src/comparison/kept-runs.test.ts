import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { keptRun } from './kept-runs.js';
import type { MeasuredRun } from './measured-run.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fedvox-kept-'));
});
afterEach(() => rm(folder, { recursive: true }));

const run: MeasuredRun = {
  ...{ seed: 1, dice: 0.5, auc: null, round: 2, sha256: null, curve: [0.4, 0.5] },
  aucBySite: [{ site: 'east', auc: 0.9 }],
  ...{ bytes: 10, durationMs: 60_000, cases: [{ site: 'east', caseId: 'a', byClass: [0.5] }] },
};
const notAgain = () => Promise.reject(new Error('it ran again'));

it('a piece of a comparison that has ended is read, not run again', async () => {
  const place = join(folder, 'fedavg');
  expect(await keptRun(place, { job: 1 }, async () => run)).toEqual(run);
  expect(await keptRun(place, { job: 1 }, notAgain)).toEqual(run);
});

it('one that was cut off begins anew, in an empty folder', async () => {
  const cutOff = async (path: string) => {
    await writeFile(join(path, 'half'), 'done');
    throw new Error('killed');
  };
  await expect(keptRun(folder, {}, cutOff)).rejects.toThrow('killed');
  const found = await keptRun(folder, {}, async (path) => {
    expect(await readdir(path)).toEqual([]);
    return run;
  });
  expect(found).toEqual(run);
});

it('one of another job is not taken for this one’s', async () => {
  await keptRun(folder, { job: 1 }, async () => run);
  await expect(keptRun(folder, { job: 2 }, notAgain)).rejects.toThrow(
    expect.objectContaining({ code: 'simulator/result-of-another' }),
  );
});
