import { appendFile, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type RevocationEntry, RevocationFile } from './revocation-file.js';

const first: RevocationEntry = {
  site: 'north',
  serials: ['0a', '0b'],
  at: '2026-03-01T10:00:00.000Z',
  why: 'revoked',
};
const second: RevocationEntry = { ...first, site: 'south', serials: ['0c'], why: 'replaced' };

describe('the file of revocations', () => {
  let folder: string;
  let path: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'fedvox-revocations-'));
    path = join(folder, 'revocations.jsonl');
  });
  afterEach(() => rm(folder, { recursive: true }));

  async function write(...entries: readonly RevocationEntry[]): Promise<void> {
    const file = await RevocationFile.open(path);
    for (const entry of entries) await file.append(entry);
    await file.close();
  }

  async function read(): Promise<readonly RevocationEntry[]> {
    const file = await RevocationFile.open(path);
    await file.close();
    return file.entries;
  }

  it('gives back what was written, in its order, over any number of openings', async () => {
    expect(await read()).toEqual([]);
    await write(first);
    await write(second);
    expect(await read()).toEqual([first, second]);
  });

  it('is for its owner only, also where somebody had opened it to others', async () => {
    await writeFile(path, '', { mode: 0o644 });
    await write(first);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
  });

  it('takes off a line that a crash left half written, and goes on after it', async () => {
    await write(first);
    await appendFile(path, '{"site":"sou');
    await write(second);
    expect(await read()).toEqual([first, second]);
  });

  it('is refused with a line in it that is none, and left as it is', async () => {
    await write(first);
    await appendFile(path, 'something else\n');
    const before = await readFile(path, 'utf8');
    await expect(RevocationFile.open(path)).rejects.toMatchObject({
      code: 'coordinator/revocations-unusable',
      message: expect.stringContaining('line 2 is no revocation'),
    });
    expect(await readFile(path, 'utf8')).toBe(before);
  });

  it('says where it cannot be kept', async () => {
    await expect(RevocationFile.open(join(folder, 'no', 'file'))).rejects.toMatchObject({
      code: 'coordinator/revocations-unusable',
      message: expect.stringContaining(join(folder, 'no', 'file')),
    });
  });
});
