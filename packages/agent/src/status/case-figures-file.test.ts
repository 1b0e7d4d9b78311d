import { mkdtempSync, readdirSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { RoundCases } from '../core/case-figures.js';
import { keepCaseFigures, readCaseFigures } from './case-figures-file.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'fedvox-cases-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const figures = (job: string, round: number): RoundCases => ({
  ...{ atMs: 5, job, round },
  cases: [{ caseId: 'west/scan-1', dice: 0.5, perClass: [], classified: null }],
});

describe('figures by case', () => {
  it('are those of a job’s last round, for their owner alone', async () => {
    expect(await readCaseFigures(folder, 'a')).toBeUndefined();
    await keepCaseFigures(folder, figures('a', 1));
    await keepCaseFigures(folder, figures('a', 2));
    expect(await readCaseFigures(folder, 'a')).toEqual(figures('a', 2));
    expect(statSync(join(folder, 'a.json')).mode & 0o777).toBe(0o600);
    writeFileSync(join(folder, 'a.json'), '{"version":1');
    expect(await readCaseFigures(folder, 'a')).toBeUndefined();
  });

  it('are of fifty jobs at most, those that were measured longest ago going first', async () => {
    for (let job = 0; job < 50; job++) {
      await keepCaseFigures(folder, figures(`job-${job}`, 1));
      utimesSync(join(folder, `job-${job}.json`), 1_000 + job, 1_000 + job);
    }
    await keepCaseFigures(folder, figures('new', 1));
    const left = readdirSync(folder);
    expect(left).toHaveLength(50);
    expect(left).toContain('new.json');
    expect(left).not.toContain('job-0.json');
  });
});
