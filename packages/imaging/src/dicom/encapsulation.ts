import { fail } from '../errors.js';
import type { PixelDataElement } from './part10.js';

interface Fragment {
  /** Offset of the fragment's item from the first fragment's: what the basic offset table counts in. */
  readonly itemOffset: number;
  readonly bytes: Uint8Array;
}

/** Compressed pixel data taken apart (PS3.5 A.4): its fragments and where each frame begins. */
export interface Encapsulated {
  readonly path: string;
  readonly fragments: readonly Fragment[];
  /** Index of the first fragment of each frame. */
  readonly firstFragment: readonly number[];
}

const ITEM = 0xfffee000;
const SEQUENCE_END = 0xfffee0dd;
const ITEM_HEADER_BYTES = 8;

/** How a code stream begins: SOI of the JPEG family, SOC of JPEG 2000. */
const STREAM_STARTS: readonly number[] = [0xffd8, 0xff4f];

/**
 * Takes the pixel data of a file apart.
 * @param frameCount NumberOfFrames
 * @throws FedvoxError `corrupt-file` when an item reaches beyond the file or is none, or when nothing
 *   tells which fragments make a frame
 */
export function encapsulatedFrames(
  path: string,
  bytes: Uint8Array,
  { offset }: PixelDataElement,
  frameCount: number,
): Encapsulated {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const table = readItem(path, view, bytes, offset);
  if (table === undefined) throw corrupt(path);
  const firstOffset = offset + ITEM_HEADER_BYTES + table.length;
  const fragments: Fragment[] = [];
  for (let at = firstOffset; ; ) {
    const fragment = readItem(path, view, bytes, at);
    if (fragment === undefined) break;
    fragments.push({ itemOffset: at - firstOffset, bytes: fragment });
    at += ITEM_HEADER_BYTES + fragment.length;
  }
  return { path, fragments, firstFragment: frameStarts(path, table, fragments, frameCount) };
}

/** The bytes of one frame, its fragments joined. */
export function encapsulatedFrame(encapsulated: Encapsulated, frameIndex: number): Uint8Array {
  const { path, fragments, firstFragment } = encapsulated;
  const first = firstFragment[frameIndex];
  if (first === undefined) {
    throw fail('corrupt-file', { path, reason: `it has no pixels for frame ${frameIndex + 1}` });
  }
  const parts = fragments.slice(first, firstFragment[frameIndex + 1]).map(({ bytes }) => bytes);
  return parts.length === 1 ? (parts[0] as Uint8Array) : Buffer.concat(parts);
}

/**
 * By the basic offset table where it is filled. Where it is empty a lone frame has all fragments, and
 * as many fragments as frames are a frame each; otherwise a frame begins where a code stream does.
 */
function frameStarts(
  path: string,
  table: Uint8Array,
  fragments: readonly Fragment[],
  frameCount: number,
): readonly number[] {
  if (table.length === 0) return startsWithoutTable(path, fragments, frameCount);
  const indexOf = new Map(fragments.map(({ itemOffset }, index) => [itemOffset, index]));
  const view = new DataView(table.buffer, table.byteOffset, table.length);
  return Array.from({ length: Math.floor(table.length / 4) }, (_, entry) => {
    const index = indexOf.get(view.getUint32(4 * entry, true));
    if (index === undefined) throw corrupt(path);
    return index;
  });
}

function startsWithoutTable(
  path: string,
  fragments: readonly Fragment[],
  frameCount: number,
): readonly number[] {
  const all = fragments.map((_, index) => index);
  if (frameCount === 1) return all.slice(0, 1);
  if (fragments.length <= frameCount) return all;
  const starts = all.filter((index) => beginsStream((fragments[index] as Fragment).bytes));
  if (starts.length === frameCount && starts[0] === 0) return starts;
  throw fail('corrupt-file', { path, reason: 'its fragments cannot be told apart into frames' });
}

function beginsStream(bytes: Uint8Array): boolean {
  return bytes.length >= 2 && STREAM_STARTS.includes(bytes[0]! * 0x100 + bytes[1]!);
}

/** The value of the item at `at`; `undefined` at the end of the sequence. */
function readItem(
  path: string,
  view: DataView,
  bytes: Uint8Array,
  at: number,
): Uint8Array | undefined {
  if (at + ITEM_HEADER_BYTES > bytes.length) throw corrupt(path);
  const tag = view.getUint16(at, true) * 0x10000 + view.getUint16(at + 2, true);
  if (tag === SEQUENCE_END) return undefined;
  const start = at + ITEM_HEADER_BYTES;
  const end = start + view.getUint32(at + 4, true);
  if (tag !== ITEM || end > bytes.length) throw corrupt(path);
  return bytes.subarray(start, end);
}

function corrupt(path: string): Error {
  return fail('corrupt-file', { path, reason: 'its compressed pixel data is cut short' });
}
