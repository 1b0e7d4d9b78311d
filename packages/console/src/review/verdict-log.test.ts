import { appendFileSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type VerdictEntry, VerdictLog } from './verdict-log.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'fedvox-verdicts-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const entry = (caseId: string): VerdictEntry => ({
  ...{
    atMs: 5,
    modelSha256: 'a'.repeat(64),
    job: 'liver',
    dataPath: '/scans',
    caseId,
    correction: null,
  },
  ...{ reviewer: 'Dr Chen', verdict: 'accepted', note: 'fine\nbut thin' },
});

describe('the log of verdicts', () => {
  it('keeps every one in order, also those of one moment, for its owner alone', async () => {
    const path = join(folder, 'review', 'verdicts.jsonl');
    const log = new VerdictLog(path);
    expect(await log.read()).toEqual({ entries: [], unreadable: 0 });
    const cases = ['a', 'b', 'c', 'd'];
    await Promise.all(cases.map((caseId) => log.add(entry(caseId))));
    const { entries } = await new VerdictLog(path).read();
    expect(entries).toEqual(cases.map(entry));
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(readFileSync(path, 'utf8').split('\n')).toHaveLength(5);
  });

  it('goes on after a line that a crash cut off, and says that one cannot be read', async () => {
    const path = join(folder, 'verdicts.jsonl');
    const log = new VerdictLog(path);
    await log.add(entry('a'));
    appendFileSync(path, '{"version":1,"atMs":7,"rev');
    await log.add(entry('b'));
    expect(await log.read()).toEqual({ entries: [entry('a'), entry('b')], unreadable: 1 });
  });
});
