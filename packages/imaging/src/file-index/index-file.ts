import { readFile, stat } from 'node:fs/promises';
import { deserialize, serialize } from 'node:v8';
import { crc32 } from 'node:zlib';
import type { FedvoxError, Sha256 } from '@fedvox/base';
import { writeFileDurably } from '@fedvox/base/system';
import { fail } from '../errors.js';

/** What was found out about files, by their paths. */
export type FileIndex<T> = ReadonlyMap<string, Remembered<T>>;

export interface Remembered<T> {
  /** See `FileIdentity`: another one, and the value is of no use. */
  readonly identity: string;
  readonly value: T;
}

/**
 * An index as one file:
 *
 *     magic 8 bytes · CRC-32 of the rest uint32, little endian · stamp 64 · the map, as V8 stores it
 *
 * The stamp says what made it; bytes of another maker are never parsed.
 */
const MAGIC = 'FVXINDX1';
const CHECKED_FROM = 12;
const STAMP_BYTES = 64;
const HEAD_BYTES = CHECKED_FROM + STAMP_BYTES;
/** Largest index that is written or read. */
const MAX_INDEX_BYTES = 512 * 1024 ** 2;
const TOO_LARGE = `it is larger than ${MAX_INDEX_BYTES} bytes`;

/** The index in a file; an empty one where there is none, and with the reason where it is of no use. */
export async function readIndex<T>(
  path: string,
  stamp: Sha256,
): Promise<{ readonly index: FileIndex<T>; readonly problem?: FedvoxError }> {
  const anew = (reason: string) => ({
    index: new Map(),
    problem: fail('index-anew', { path, reason }),
  });
  try {
    if ((await stat(path)).size > MAX_INDEX_BYTES) return anew(TOO_LARGE);
    const bytes = await readFile(path);
    if (bytes.length < HEAD_BYTES || bytes.toString('latin1', 0, MAGIC.length) !== MAGIC) {
      return anew('it is no index of this format');
    }
    if (crc32(bytes.subarray(CHECKED_FROM)) !== bytes.readUInt32LE(MAGIC.length)) {
      return anew('it is damaged');
    }
    if (bytes.toString('latin1', CHECKED_FROM, HEAD_BYTES) !== stamp) {
      return anew('it was made by another version, or of another folder');
    }
    // Checksum and stamp vouch for the rest: what does not parse now is a bug and not damage.
    return { index: deserialize(bytes.subarray(HEAD_BYTES)) as FileIndex<T> };
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return { index: new Map() };
    if (code === undefined) throw error;
    return anew(code);
  }
}

/** Replaces the index, readable by its owner only; the reason where that cannot be done, which costs time alone. */
export async function writeIndex<T>(
  path: string,
  stamp: Sha256,
  index: FileIndex<T>,
): Promise<FedvoxError | undefined> {
  const checked = Buffer.concat([Buffer.from(stamp, 'latin1'), serialize(index)]);
  if (CHECKED_FROM + checked.length > MAX_INDEX_BYTES) {
    return fail('index-not-kept', { path, reason: TOO_LARGE });
  }
  const head = Buffer.alloc(CHECKED_FROM);
  head.write(MAGIC, 'latin1');
  head.writeUInt32LE(crc32(checked), MAGIC.length);
  try {
    await writeFileDurably(path, Buffer.concat([head, checked]), { mode: 0o600 });
    return undefined;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === undefined) throw error;
    return fail('index-not-kept', { path, reason: code }, { cause: error });
  }
}
