import { fail } from '../errors.js';
import { type FileBytes, readExactly } from './file-bytes.js';

/** Where an archive's directory lies. */
export interface DirectoryPlace {
  readonly offset: number;
  readonly byteLength: number;
  readonly count: number;
}

const END_SIGNATURE = 0x06054b50;
const END_BYTES = 22;
const LOCATOR_SIGNATURE = 0x07064b50;
const LOCATOR_BYTES = 20;
const ZIP64_END_SIGNATURE = 0x06064b50;
const ZIP64_END_BYTES = 56;

/**
 * What the last bytes of a zip file say: its end record, and in front of that the one of ZIP64, if any.
 * torch.save writes no comment, so nothing stands behind them.
 * @throws FedvoxError `weights/archive-damaged`
 */
export async function directoryPlace(bytes: FileBytes): Promise<DirectoryPlace> {
  const size = await bytes.size();
  const tailBytes = Math.min(size, END_BYTES + LOCATOR_BYTES + ZIP64_END_BYTES);
  const tail = Buffer.from((await readExactly(bytes, size - tailBytes, tailBytes)).buffer);
  const end = tail.subarray(-END_BYTES);
  if (end.length < END_BYTES || end.readUInt32LE(0) !== END_SIGNATURE) {
    throw damaged('it does not end as one does: it is cut off, or something stands behind it');
  }
  const records = tail.subarray(0, -END_BYTES);
  const large = zip64Place(records, size - END_BYTES);
  const place = large ?? classicPlace(end);
  if (large !== undefined && !agrees(end, large)) throw damaged('its end says two things');
  const recordBytes = large === undefined ? 0 : LOCATOR_BYTES + ZIP64_END_BYTES;
  if (place.offset + place.byteLength !== size - END_BYTES - recordBytes) {
    throw damaged('its directory does not lie where its end says');
  }
  return place;
}

function classicPlace(end: Buffer): DirectoryPlace {
  return {
    offset: end.readUInt32LE(16),
    byteLength: end.readUInt32LE(12),
    count: end.readUInt16LE(10),
  };
}

/** @param records what stands in front of the end record. @param endOffset where that one begins */
function zip64Place(records: Buffer, endOffset: number): DirectoryPlace | undefined {
  if (records.length < LOCATOR_BYTES) return undefined;
  const locator = records.subarray(-LOCATOR_BYTES);
  if (locator.readUInt32LE(0) !== LOCATOR_SIGNATURE) return undefined;
  const record = records.subarray(0, -LOCATOR_BYTES);
  const isRecord =
    record.length === ZIP64_END_BYTES &&
    record.readUInt32LE(0) === ZIP64_END_SIGNATURE &&
    Number(locator.readBigUInt64LE(8)) === endOffset - LOCATOR_BYTES - ZIP64_END_BYTES;
  if (!isRecord) throw damaged('its ZIP64 record does not lie where its end says');
  return {
    offset: Number(record.readBigUInt64LE(48)),
    byteLength: Number(record.readBigUInt64LE(40)),
    count: Number(record.readBigUInt64LE(32)),
  };
}

/** Each of the older record's numbers is the same, or says that it stands in the other record. */
function agrees(end: Buffer, { offset, byteLength, count }: DirectoryPlace): boolean {
  const same = (field: number, elsewhere: number, value: number) =>
    field === elsewhere || field === value;
  return (
    same(end.readUInt32LE(16), 0xffffffff, offset) &&
    same(end.readUInt32LE(12), 0xffffffff, byteLength) &&
    same(end.readUInt16LE(10), 0xffff, count)
  );
}

function damaged(reason: string) {
  return fail('archive-damaged', { reason });
}
