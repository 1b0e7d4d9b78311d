import { gunzipSync, gzipSync } from 'node:zlib';
import type { Random } from '@fedvox/base';

/** Most mutations of one kind that are laid over each other in one input. */
const MAX_ROUNDS = 4;
/** Numbers that size checks tend to get wrong; sizes of the file itself are added to them. */
const TREACHEROUS = [0, 1, 0x7f, 0x7fff, 0x8000, 0xffff, 0x7fffffff, 0x80000000, 0xffffffff];
const MAX_SPLICE_BYTES = 512;
const DIGITS = /\d+/g;
/** Text headers are at the start of a file. */
const TEXT_BYTES = 512;

type Mutation = (bytes: Buffer, donor: Buffer, random: Random) => Buffer;

const MUTATIONS: readonly Mutation[] = [flipBits, truncate, lieAboutLength, lieInText, splice];

/**
 * A damaged copy of a file: flipped bits, a cut, lies where lengths may stand, pieces of another file.
 * Half of the gzip files are damaged inside, so that the damage gets past the checksum.
 */
export function mutated(bytes: Uint8Array, donor: Uint8Array, random: Random): Uint8Array {
  const isGzip = bytes[0] === 0x1f && bytes[1] === 0x8b;
  if (isGzip && random.below(2) === 0) {
    return gzipSync(applied(gunzipSync(bytes), donor, random), { level: 1 });
  }
  return applied(bytes, donor, random);
}

function applied(bytes: Uint8Array, donor: Uint8Array, random: Random): Uint8Array {
  let current: Buffer = Buffer.from(bytes);
  for (let rounds = 1 + random.below(MAX_ROUNDS); rounds > 0 && current.length > 0; rounds--) {
    const mutation = MUTATIONS[random.below(MUTATIONS.length)] as Mutation;
    current = mutation(current, Buffer.from(donor), random);
  }
  return current;
}

function flipBits(bytes: Buffer, _donor: Buffer, random: Random): Buffer {
  for (let flips = 1 + random.below(8); flips > 0; flips--) {
    const at = position(bytes, random);
    bytes[at] = (bytes[at] as number) ^ (1 << random.below(8));
  }
  return bytes;
}

function truncate(bytes: Buffer, _donor: Buffer, random: Random): Buffer {
  return bytes.subarray(0, random.below(bytes.length));
}

function lieAboutLength(bytes: Buffer, _donor: Buffer, random: Random): Buffer {
  const lies = [...TREACHEROUS, bytes.length, bytes.length + 1, bytes.length * 2];
  const lie = (lies[random.below(lies.length)] as number) >>> 0;
  const width = random.below(2) === 0 ? 2 : 4;
  const at = Math.floor(position(bytes, random) / 2) * 2;
  if (at + width > bytes.length) return bytes;
  const value = width === 2 ? lie & 0xffff : lie;
  if (random.below(4) === 0) bytes.writeUIntBE(value, at, width);
  else bytes.writeUIntLE(value, at, width);
  return bytes;
}

/** Another number where a text header has one: NRRD's sizes, DICOM's decimal strings. */
function lieInText(bytes: Buffer, _donor: Buffer, random: Random): Buffer {
  const start = random.below(4) === 0 ? position(bytes, random) : 0;
  const text = bytes.subarray(start, start + TEXT_BYTES).toString('latin1');
  const numbers = [...text.matchAll(DIGITS)];
  const number = numbers[random.below(numbers.length)];
  if (number === undefined) return bytes;
  const lie = TREACHEROUS[random.below(TREACHEROUS.length)] as number;
  return Buffer.concat([
    bytes.subarray(0, start + number.index),
    Buffer.from(String(lie), 'latin1'),
    bytes.subarray(start + number.index + number[0].length),
  ]);
}

function splice(bytes: Buffer, donor: Buffer, random: Random): Buffer {
  const from = random.below(donor.length);
  const piece = donor.subarray(from, from + 1 + random.below(MAX_SPLICE_BYTES));
  const at = position(bytes, random);
  const replaced = random.below(2) === 0 ? piece.length : 0;
  return Buffer.concat([bytes.subarray(0, at), piece, bytes.subarray(at + replaced)]);
}

/** Anywhere, and mostly near the start: headers are where the decisions are. */
function position(bytes: Buffer, random: Random): number {
  return Math.floor(bytes.length * random.uniform() ** 3);
}
