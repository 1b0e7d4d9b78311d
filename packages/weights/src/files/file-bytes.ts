import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { assert } from '@fedvox/base';
import { fail } from '../errors.js';

/** An open file's bytes, by their place in it. */
export interface FileBytes {
  size(): Promise<number>;
  /** Fills `target` with the bytes from `position` on. @throws FedvoxError `weights/not-safetensors` at its end */
  fill(target: Uint8Array, position: number): Promise<void>;
  close(): Promise<void>;
}

/**
 * How a file is read: beside whatever else the thread has to do, or at once, on a thread that has nothing
 * else to do and would only wait for a third one.
 */
export type ReadingMode = 'beside' | 'at-once';

/** @param file its path; or, to be read at once, its descriptor, which whoever opened it closes */
export function openBytes(file: string | number, mode: ReadingMode): Promise<FileBytes> {
  if (mode === 'at-once') return openAtOnce(file);
  assert(typeof file === 'string', 'a file that is read beside other work is opened for it');
  return openBeside(file);
}

async function openBeside(path: string): Promise<FileBytes> {
  const file = await open(path, 'r');
  return {
    size: async () => (await file.stat()).size,
    fill: async (target, position) => {
      for (let done = 0; done < target.length; ) {
        const left = target.length - done;
        done += some((await file.read(target, done, left, position + done)).bytesRead);
      }
    },
    close: () => file.close(),
  };
}

async function openAtOnce(given: string | number): Promise<FileBytes> {
  const file = typeof given === 'number' ? given : openSync(given, 'r');
  return {
    size: async () => fstatSync(file).size,
    fill: async (target, position) => {
      for (let done = 0; done < target.length; ) {
        done += some(readSync(file, target, done, target.length - done, position + done));
      }
    },
    close: async () => {
      if (typeof given === 'string') closeSync(file);
    },
  };
}

export async function readExactly(
  bytes: FileBytes,
  position: number,
  length: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const target = new Uint8Array(length);
  await bytes.fill(target, position);
  return target;
}

function some(bytesRead: number): number {
  if (bytesRead === 0) throw fail('not-safetensors', { reason: 'the file ends too early' });
  return bytesRead;
}
