import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ComparisonRecord } from '@fedvox/report';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fedvox, lastLine } from './fedvox-command.js';

const SCENARIO = 'scenarios/poisoned-site.yaml';
/** Its third round is the second that the poisoned site has a part in. */
const ROUNDS = ['--rounds', '3'];

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fedvox-comparison-'));
});
afterAll(() => rm(folder, { recursive: true }));

describe('the scenario of a poisoned site', () => {
  it('is as good with the firewall as if nobody was poisoned, and far worse without', async () => {
    const out = join(folder, 'run');
    const run = await fedvox('simulate', SCENARIO, ...ROUNDS, '--json', '--out', out);
    expect(run.exitCode, run.stderr).toBe(0);
    const comparison = lastLine(run) as ComparisonRecord & { files: string[] };
    const dice = Object.fromEntries(
      comparison.variants.map(({ name, dice }) => [name, dice?.mean]),
    );
    expect(dice.firewall).toBeGreaterThan((dice['nobody-poisoned'] as number) - 0.1);
    expect(dice['no-firewall']).toBeLessThan((dice.firewall as number) - 0.15);
    const lost = comparison.variants.find(({ name }) => name === 'no-firewall')?.difference;
    expect(lost?.high).toBeLessThan(0);
    expect(lost?.p).toBeLessThan(0.05);

    const { files, ...told } = comparison;
    const texts = await Promise.all(files.map((path) => readFile(path, 'utf8')));
    const [page = '', chinese = '', json = '', csv = ''] = texts;
    expect(page).toContain('<html lang="en">');
    expect(chinese).toContain('<html lang="zh');
    expect(page).not.toContain('<script');
    expect(JSON.parse(json)).toEqual(told);
    const rows = csv.trimEnd().split('\r\n');
    expect(rows).toHaveLength(1 + comparison.variants.length * comparison.validationCases);

    // All of it is there: nothing runs again, and the same comes of it.
    const again = await fedvox('simulate', SCENARIO, ...ROUNDS, '--json', '--out', out, '--resume');
    expect(lastLine(again)).toEqual(comparison);
    expect(again.stderr.match(/, done before$/gm)).toHaveLength(comparison.variants.length);
  }, 300_000);

  it('goes on with nothing but a comparison, in its own folder', async () => {
    for (const options of [[], ['--out', join(folder, 'run'), '--seed', '2']]) {
      const refused = await fedvox('simulate', SCENARIO, '--resume', '--json', ...options);
      expect(refused.exitCode).toBe(1);
      expect(lastLine(refused)).toMatchObject({
        error: { code: expect.stringMatching(/simulator\/(nothing-to-resume|result-of-another)/) },
      });
    }
  }, 60_000);
});
