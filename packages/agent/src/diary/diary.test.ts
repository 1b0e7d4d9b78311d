import { appendFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { VirtualClock } from '@fedvox/base';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Diary } from './diary.js';
import { readDiary } from './read-diary.js';

let folder: string;
let path: string;
const clock = new VirtualClock({ startMs: 7 });
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'fedvox-diary-'));
  path = join(folder, 'diary.jsonl');
});
afterEach(() => rmSync(folder, { recursive: true }));

function writeRounds(diary: Diary, from: number, to: number): void {
  for (let round = from; round <= to; round++) {
    diary.write({ kind: 'declined', job: 'job-1', round, reason: 'trainer-failed' });
  }
}
const roundsRead = async () =>
  (await readDiary(path)).entries.map((entry) => ('round' in entry ? entry.round : -1));

describe('a diary', () => {
  it('is read as it was written, also while it is open, and is for its owner alone', async () => {
    expect(await readDiary(path)).toEqual({ entries: [], unreadable: 0 });
    const diary = Diary.open(path, clock);
    writeRounds(diary, 1, 2);
    const [first] = (await readDiary(path)).entries;
    const about = { job: 'job-1', round: 1, reason: 'trainer-failed' };
    expect(first).toEqual({ atMs: 7, kind: 'declined', ...about });
    expect(statSync(path).mode & 0o777).toBe(0o600);
    diary.close();
  });

  it('has a bound: full files are set aside, and the oldest goes', async () => {
    const diary = Diary.open(path, clock, 500);
    writeRounds(diary, 1, 100);
    diary.close();
    const files = readdirSync(folder);
    expect(files).toHaveLength(4);
    const bytes = files.map((name) => statSync(join(folder, name)).size);
    expect(Math.max(...bytes)).toBeLessThan(700);
    const rounds = await roundsRead();
    expect(rounds.at(-1)).toBe(100);
    expect(rounds.length).toBeGreaterThan(12);
    expect(rounds).toEqual(rounds.map((_, index) => 101 - rounds.length + index));
  });

  it('goes on after a line that a crash left half written, and past one that is no entry', async () => {
    const first = Diary.open(path, clock);
    writeRounds(first, 1, 1);
    first.close();
    appendFileSync(path, '{"version":1,"no":"entry"}\n{"version":1,"kind":"decl');
    const second = Diary.open(path, clock);
    writeRounds(second, 2, 2);
    second.close();
    expect(await roundsRead()).toEqual([1, 2]);
    expect((await readDiary(path)).unreadable).toBe(1);
    expect(readFileSync(path, 'utf8').split('\n')).toHaveLength(4);
  });
});
