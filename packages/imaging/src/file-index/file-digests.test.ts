import { readFile, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { type Clock, type FedvoxError, sha256 } from '@fedvox/base';
import { systemClock } from '@fedvox/base/system';
import { describe, expect, it } from 'vitest';
import { temporaryFolder } from '../testing/temporary-folder.js';
import { FileDigests } from './file-digests.js';

/** Everything was changed long ago. */
const LATER: Clock = { ...systemClock, nowMs: () => systemClock.nowMs() + 60_000 };

async function digestTwice(clock: Clock) {
  const folder = await temporaryFolder();
  const [index, file] = [join(folder, 'digests.index'), join(folder, 'a')];
  const problems: FedvoxError[] = [];
  const digest = async () => {
    const digests = await FileDigests.open(index, clock, (problem) => void problems.push(problem));
    const found = await digests.digestOf(file);
    await digests.keep();
    return found;
  };
  await writeFile(file, 'one');
  expect(await digest()).toBe(sha256('one'));
  return { index, file, digest, problems };
}

describe('digests of files', () => {
  it('are those of the content, though size and time of modification stay as they were', async () => {
    const { file, digest } = await digestTwice(LATER);
    expect(await digest()).toBe(sha256('one'));
    const { atime, mtime } = await stat(file);
    await setTimeout(12);
    await writeFile(file, 'two');
    await utimes(file, atime, mtime);
    expect(await digest()).toBe(sha256('two'));
  });

  it('are kept for the site alone, and worked out once', async () => {
    const { index, digest } = await digestTwice(LATER);
    const kept = await stat(index);
    expect(kept.mode & 0o777).toBe(0o600);
    expect((await readFile(index)).includes(sha256('one'))).toBe(true);
    await digest();
    expect((await stat(index)).ino).toBe(kept.ino);
  });

  it('of a file that was changed just now are not kept', async () => {
    const { index } = await digestTwice(systemClock);
    expect(await stat(index).catch((error) => error.code)).toBe('ENOENT');
  });

  it('are worked out anew when the index is damaged, and that is said', async () => {
    const { index, digest, problems } = await digestTwice(LATER);
    await writeFile(index, 'spoilt');
    expect(await digest()).toBe(sha256('one'));
    expect(problems.map(({ code }) => code)).toEqual(['imaging/index-anew']);
  });
});
