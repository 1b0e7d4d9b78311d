import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { FedvoxError } from '@fedvox/base';
import { systemClock } from '@fedvox/base/system';
import { afterAll, describe, expect, it } from 'vitest';
import { openCache } from '../cache/case-cache.js';
import type { CaseRef } from '../datasets/case-ref.js';
import type { DatasetSpec } from '../datasets/spec.js';
import type { HeaderProgress } from '../folder-scan/headers/read-headers.js';
import { encodeNifti } from '../nifti/write.js';
import { CLASSES, writePhantomCase } from '../testing/phantom-case.js';
import { temporaryFolder } from '../testing/temporary-folder.js';
import { directReader, type Reader } from './reader.js';
import { ReaderThread } from './reader-thread.js';

const thread = new ReaderThread(systemClock);
afterAll(() => thread.close());

async function phantomSpec(): Promise<DatasetSpec> {
  const path = await temporaryFolder();
  await writePhantomCase(path);
  return { kind: 'dicom', path };
}

async function onlyCase(spec: DatasetSpec, reader: Reader = thread): Promise<CaseRef> {
  const { cases, refused } = await reader.openDataset(spec, CLASSES);
  expect(refused).toEqual([]);
  return cases[0]!;
}

/** A case that takes a while: 15 million voxels and as many of its label. */
async function largeCase(): Promise<DatasetSpec> {
  const path = await temporaryFolder();
  const shape = [256, 256, 230] as const;
  const data = Float32Array.from({ length: 256 * 256 * 230 }, (_, at) => at % 3);
  const affineRas = [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1];
  const file = encodeNifti({ shape, affineRas, data });
  await writeFile(join(path, 'image.nii'), file);
  await writeFile(join(path, 'label.nii'), file);
  const manifest = {
    labels: { 0: 'background', 1: 'organ', 2: 'lesion' },
    training: [{ image: 'image.nii', label: 'label.nii' }],
  };
  await writeFile(join(path, 'dataset.json'), JSON.stringify(manifest));
  return { kind: 'msd', path };
}

/** Milliseconds that this thread was busy in, and not free for anything else, while something was read. */
async function busyMs(read: () => Promise<unknown>): Promise<number> {
  const before = performance.eventLoopUtilization();
  await read();
  return performance.eventLoopUtilization(before).active;
}

describe('a reader on a thread of its own', () => {
  it('finds the same cases and reads the same voxels', async () => {
    const spec = await phantomSpec();
    expect(await thread.openDataset(spec, CLASSES)).toEqual(
      await directReader.openDataset(spec, CLASSES),
    );
    const ref = await onlyCase(spec);
    expect(await thread.readCase(ref, CLASSES)).toEqual(await directReader.readCase(ref, CLASSES));
  });

  it('tells how far it is, and what became of the index', async () => {
    const spec = await phantomSpec();
    const indexPath = join(await temporaryFolder(), 'headers.index');
    await writeFile(indexPath, 'no index');
    const told: HeaderProgress[] = [];
    const onProgress = (progress: HeaderProgress) => void told.push(progress);
    await thread.openDataset(spec, CLASSES, { indexPath, onProgress });
    expect(told[0]).toMatchObject({ kind: 'index', code: 'imaging/index-anew' });
    expect(told.at(-1)).toMatchObject({ kind: 'headers', remainingMs: 0 });
  });

  it('reads what the cache holds, and what it does not yet', async () => {
    const ref = await onlyCase(await phantomSpec());
    const cache = await openCache(await temporaryFolder(), { reader: thread });
    const made = await cache.load(ref, CLASSES, [{ kind: 'zscore', nonzero: false }]);
    expect(await cache.load(ref, CLASSES, [{ kind: 'zscore', nonzero: false }])).toEqual(made);
    expect(await thread.readEntry('/nowhere')).toBeUndefined();
  });

  it('leaves the thread that asks free while it reads a large case', async () => {
    const spec = await largeCase();
    const ref = await onlyCase(spec);
    const direct = await busyMs(() => directReader.readCase(ref, CLASSES));
    const threaded = await busyMs(() => thread.readCase(ref, CLASSES));
    expect(threaded).toBeLessThan(direct / 4);
  });

  it('throws what the functions throw, by name and with its details', async () => {
    const path = join(await temporaryFolder(), 'gone');
    const error = await thread.openDataset({ kind: 'dicom', path }, CLASSES).catch((each) => each);
    const direct = await directReader
      .openDataset({ kind: 'dicom', path }, CLASSES)
      .catch((each) => each);
    expect(error).toBeInstanceOf(FedvoxError);
    const { code, message, advice, details } = direct as FedvoxError;
    expect(error).toMatchObject({ code, message, advice, details });
    expect(code).toBe('imaging/folder-unreadable');
    expect(error.cause).toContain('ENOENT');
  });

  it('throws a bug as the error that it is', async () => {
    await expect(thread.readCase({} as CaseRef, CLASSES)).rejects.toThrow(TypeError);
  });

  it('fails one read by name when the thread ends in the middle of it, and goes on with a new one', async () => {
    const ref = await onlyCase(await largeCase());
    const [first, second] = [ref, await onlyCase(await phantomSpec())].map((each) =>
      thread.readCase(each, CLASSES),
    );
    await thread.close();
    await expect(first).rejects.toMatchObject({ code: 'imaging/reader-died' });
    await expect(second).resolves.toHaveProperty('image');
  });

  it('keeps no process alive that has nothing else to do', async () => {
    const program = `
      import { systemClock } from '@fedvox/base/system';
      import { ReaderThread } from '@fedvox/imaging';
      process.stdout.write(String(await new ReaderThread(systemClock).readEntry('/nowhere')));
    `;
    const here = fileURLToPath(new URL('.', import.meta.url));
    const { stdout } = await promisify(execFile)(
      process.execPath,
      ['--input-type=module', '--eval', program],
      { cwd: here, timeout: 8_000 },
    );
    expect(stdout).toBe('undefined');
  });

  it('refuses more reads than it may keep waiting', async () => {
    const path = '/nowhere';
    const reads = Array.from({ length: 1_100 }, () => thread.readEntry(path));
    const outcomes = await Promise.allSettled(reads);
    const refused = outcomes.filter((each) => each.status === 'rejected');
    expect(refused.length).toBe(1_100 - 1_024 - 1);
    expect(refused[0]!.reason).toMatchObject({ code: 'imaging/reader-busy' });
  });
});
