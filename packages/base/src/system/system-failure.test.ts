import { mkdtempSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { FedvoxError } from '../errors.js';
import { systemFailure } from './system-failure.js';

async function failureOf(work: () => unknown): Promise<unknown> {
  try {
    await work();
  } catch (error) {
    return error;
  }
  throw new Error('it did not fail');
}

describe('what the operating system refuses', () => {
  it('is told with the path and what to do', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'fedvox-system-'));
    const path = join(folder, 'absent', 'file');
    const named = systemFailure(await failureOf(() => readFileSync(path)));
    rmSync(folder, { recursive: true });
    expect(named).toMatchObject({ code: 'base/no-such-path' });
    expect(named?.message).toBe(`there is no ${path}: open failed with ENOENT`);
  });

  it.skipIf(process.platform !== 'linux')(
    'names a full disk, also through a causing error',
    async () => {
      const full = await failureOf(() => writeSync(openSync('/dev/full', 'w'), 'x'));
      const named = systemFailure(new Error('could not save', { cause: full }), '/state/outbox');
      expect(named).toMatchObject({
        code: 'base/disk-full',
        message: 'the disk of /state/outbox is full: write failed with ENOSPC',
        advice: expect.stringContaining('Free space'),
      });
    },
  );

  it('names a file system that takes nothing', () => {
    const readOnly = Object.assign(new Error('EROFS: read-only file system, mkdir'), {
      code: 'EROFS',
      syscall: 'mkdir',
      path: '/data/state',
    });
    expect(systemFailure(readOnly)?.message).toBe(
      '/data/state is on a file system that is mounted read-only: mkdir failed',
    );
  });

  it('is not seen in what is something else', async () => {
    expect(systemFailure(new Error('no'))).toBeUndefined();
    expect(systemFailure('ENOSPC')).toBeUndefined();
    expect(systemFailure(new FedvoxError('a/b', 'm', 'd'))).toBeUndefined();
    const refused = Object.assign(new Error('connect EPERM'), {
      code: 'EPERM',
      syscall: 'connect',
    });
    expect(systemFailure(refused)).toBeUndefined();
    expect(systemFailure(await failureOf(() => writeFile(tmpdir(), 'x')))).toBeUndefined();
  });
});
