import { fail } from '../errors.js';
import { type FileBytes, readExactly } from './file-bytes.js';
import { directoryPlace } from './zip-end.js';

/** One file of an archive, as the directory at the archive's end has it. */
export interface ArchiveEntry {
  readonly name: string;
  /** Where its own header begins, from the start of the archive. */
  readonly headerOffset: number;
  readonly byteLength: number;
  /** What it takes in the archive: as much, unless it is compressed. */
  readonly storedBytes: number;
  readonly crc32: number;
  /** Why it cannot be read as it is, if so. */
  readonly packing: string | undefined;
  /** Where what comes next begins. */
  readonly limit: number;
}

/** A storage each for ten thousand tensors and what an optimizer keeps of them. */
const MAX_DIRECTORY_BYTES = 8 * 1024 * 1024;
const MAX_NAME_LENGTH = 512;
const ENTRY_SIGNATURE = 0x02014b50;
const ENTRY_BYTES = 46;
export const LOCAL_HEADER_BYTES = 30;
const ENCRYPTED = 1;
const STORED = 0;
/** A size or place that stands in the entry's ZIP64 field instead. */
const ELSEWHERE = 0xffffffff;
const ZIP64_FIELD = 1;
const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * The entries of an archive by their names, none of which overlaps another or the directory.
 * @throws FedvoxError `weights/archive-damaged`
 */
export async function archiveEntries(bytes: FileBytes): Promise<ReadonlyMap<string, ArchiveEntry>> {
  const { offset, byteLength, count } = await directoryPlace(bytes);
  if (byteLength > MAX_DIRECTORY_BYTES) throw damaged(`its directory has ${byteLength} bytes`);
  const directory = Buffer.from((await readExactly(bytes, offset, byteLength)).buffer);
  const entries: Omit<ArchiveEntry, 'limit'>[] = [];
  let position = 0;
  while (position < directory.length) {
    const { entry, end } = entryAt(directory, position);
    entries.push(entry);
    position = end;
  }
  if (entries.length !== count) throw damaged('its directory has another number of entries');
  return new Map(withLimits(entries, offset).map((entry) => [entry.name, entry]));
}

/** @param directoryOffset where the entries end */
function withLimits(
  entries: readonly Omit<ArchiveEntry, 'limit'>[],
  directoryOffset: number,
): ArchiveEntry[] {
  const sorted = entries.toSorted((a, b) => a.headerOffset - b.headerOffset);
  const names = new Set<string>();
  return sorted.map((entry, at) => {
    const limit = sorted[at + 1]?.headerOffset ?? directoryOffset;
    const nameBytes = Buffer.byteLength(entry.name);
    if (entry.headerOffset + LOCAL_HEADER_BYTES + nameBytes + entry.storedBytes > limit) {
      throw damaged(`${entry.name} overlaps what comes after it, or reaches behind the end`);
    }
    if (names.has(entry.name)) throw damaged(`it has two entries ${entry.name}`);
    names.add(entry.name);
    return { ...entry, limit };
  });
}

function entryAt(directory: Buffer, position: number) {
  const fixed = directory.subarray(position, position + ENTRY_BYTES);
  if (fixed.length < ENTRY_BYTES || fixed.readUInt32LE(0) !== ENTRY_SIGNATURE) {
    throw damaged('its directory is not one of entries');
  }
  const nameEnd = position + ENTRY_BYTES + fixed.readUInt16LE(28);
  const extraEnd = nameEnd + fixed.readUInt16LE(30);
  const end = extraEnd + fixed.readUInt16LE(32);
  if (end > directory.length) throw damaged('its directory ends within an entry');
  const name = nameOf(directory.subarray(position + ENTRY_BYTES, nameEnd));
  const [byteLength, storedBytes, headerOffset] = resolved(
    [fixed.readUInt32LE(24), fixed.readUInt32LE(20), fixed.readUInt32LE(42)],
    directory.subarray(nameEnd, extraEnd),
  );
  const packing = packingOf(fixed.readUInt16LE(8), fixed.readUInt16LE(10));
  if (packing === undefined && byteLength !== storedBytes) throw damaged(`${name} has two lengths`);
  const checksum = fixed.readUInt32LE(16);
  return { entry: { name, headerOffset, byteLength, storedBytes, crc32: checksum, packing }, end };
}

function packingOf(flags: number, method: number): string | undefined {
  if ((flags & ENCRYPTED) !== 0) return 'encrypted';
  return method === STORED ? undefined : `compressed, by method ${method}`;
}

/** Of the fields that stand elsewhere, the ZIP64 field has the numbers, in this order. */
function resolved(fields: readonly [number, number, number], extra: Buffer) {
  const large = zip64Numbers(extra);
  return fields.map((field) => {
    if (field !== ELSEWHERE) return field;
    const number = large.shift();
    if (number === undefined) throw damaged('an entry lacks its ZIP64 field');
    return number;
  }) as [number, number, number];
}

function zip64Numbers(extra: Buffer): number[] {
  for (let position = 0; position + 4 <= extra.length; ) {
    const length = extra.readUInt16LE(position + 2);
    const field = extra.subarray(position + 4, position + 4 + length);
    if (extra.readUInt16LE(position) === ZIP64_FIELD) {
      return Array.from({ length: Math.floor(field.length / 8) }, (_, at) =>
        Number(field.readBigUInt64LE(8 * at)),
      );
    }
    position += 4 + length;
  }
  return [];
}

function nameOf(bytes: Uint8Array): string {
  try {
    const name = text.decode(bytes);
    if (name.length <= MAX_NAME_LENGTH && !/\p{C}/u.test(name)) return name;
  } catch (cause) {
    throw fail('archive-damaged', { reason: 'a name in it is not UTF-8' }, { cause });
  }
  throw damaged('a name in it is too long, or no text to print');
}

function damaged(reason: string) {
  return fail('archive-damaged', { reason });
}
