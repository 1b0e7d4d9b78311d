import { canonicalJson } from '@fedvox/base';
import { fail } from './errors.js';

/** Where one tensor lies in a safetensors file. */
export interface TensorEntry {
  readonly name: string;
  readonly shape: readonly number[];
  /** From the start of the file. */
  readonly byteOffset: number;
  readonly byteLength: number;
}

export type TensorSpec = Pick<TensorEntry, 'name' | 'shape'>;

/** What a tensor's elements are, in the format's own words; models and deltas of float32 have but the first. */
export type Dtype = 'F32' | 'BF16' | 'U16' | 'I8';
export const DTYPE_BYTES: Readonly<Record<Dtype, number>> = { F32: 4, BF16: 2, U16: 2, I8: 1 };

export interface StoredSpec extends TensorSpec {
  readonly dtype: Dtype;
}

/** What a file says of itself, by key: the format's `__metadata__`, text only. */
export type Metadata = Readonly<Record<string, string>>;

export interface Layout {
  /** In order of their bytes. */
  readonly tensors: readonly TensorEntry[];
  readonly byteLength: number;
  /** Empty where the file has none. */
  readonly metadata: Metadata;
}

const METADATA_KEY = '__metadata__';

/**
 * Ten thousand tensors, far beyond any network here. The format itself allows 100 MB, which is half a
 * minute of parsing.
 */
export const MAX_HEADER_BYTES = 1024 * 1024;
const LENGTH_BYTES = 8;

export function elementCount(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}

/**
 * The header of a safetensors file. Names are sorted, so that the same weights and metadata always have
 * the same bytes, and the data is aligned to eight bytes, as the format asks. Larger elements come before
 * smaller ones, as its own writer has them: so each is aligned.
 * @param specs of float32 where they do not say
 */
export function encodeHeader(
  specs: readonly (TensorSpec & Partial<StoredSpec>)[],
  metadata: Metadata = {},
): { header: Uint8Array; layout: Layout } {
  const sorted = specs
    .map(({ name, shape, dtype = 'F32' }): StoredSpec => ({ name, shape, dtype }))
    .sort((a, b) => DTYPE_BYTES[b.dtype] - DTYPE_BYTES[a.dtype] || (a.name < b.name ? -1 : 1));
  const hasMetadata = Object.keys(metadata).length > 0;
  const members = hasMetadata ? [`"${METADATA_KEY}":${canonicalJson(metadata)}`] : [];
  let dataOffset = 0;
  const placed = sorted.map(({ name, shape, dtype }) => {
    const byteLength = elementCount(shape) * DTYPE_BYTES[dtype];
    const entry = { dtype, shape, data_offsets: [dataOffset, dataOffset + byteLength] };
    members.push(`${JSON.stringify(name)}:${JSON.stringify(entry)}`);
    const start = dataOffset;
    dataOffset += byteLength;
    return { name, shape, start, byteLength };
  });
  const json = new TextEncoder().encode(`{${members.join(',')}}`);
  const padded = Math.ceil(json.length / 8) * 8;
  const header = new Uint8Array(LENGTH_BYTES + padded).fill(0x20);
  new DataView(header.buffer).setBigUint64(0, BigInt(padded), true);
  header.set(json, LENGTH_BYTES);
  const tensors = placed.map(({ start, ...rest }) => ({
    ...rest,
    byteOffset: header.length + start,
  }));
  return { header, layout: { tensors, byteLength: header.length + dataOffset, metadata } };
}

/** Bytes of the JSON header, from the first eight bytes of the file. */
export function headerByteLength(prefix: Uint8Array): number {
  if (prefix.length < LENGTH_BYTES)
    throw fail('not-safetensors', { reason: 'shorter than 8 bytes' });
  const view = new DataView(prefix.buffer, prefix.byteOffset, prefix.byteLength);
  const length = view.getBigUint64(0, true);
  if (length > BigInt(MAX_HEADER_BYTES)) {
    throw fail('not-safetensors', { reason: `header of ${length} bytes` });
  }
  return Number(length);
}

/**
 * Checks that a file is written as `encodeHeader` has it for these tensors: how long it is, and its
 * header byte for byte. Nothing of it is parsed.
 * @param read gives the first bytes of the file, as many as it is asked for
 * @throws FedvoxError `weights/not-safetensors`, `weights/not-as-written`
 */
export async function checkWritten(
  specs: readonly (TensorSpec & Partial<StoredSpec>)[],
  fileByteLength: number,
  read: (byteLength: number) => Promise<Uint8Array>,
): Promise<Layout> {
  const { header, layout } = encodeHeader(specs);
  if (fileByteLength !== layout.byteLength) {
    const reason = `it has ${fileByteLength} bytes, not ${layout.byteLength}`;
    throw fail('not-as-written', { reason });
  }
  const found = await read(header.length);
  const [length, expected] = [headerByteLength(found), header.length - LENGTH_BYTES];
  if (length !== expected) {
    throw fail('not-safetensors', { reason: `header of ${length} bytes, not ${expected}` });
  }
  const differs = found.findIndex((byte, at) => byte !== header[at]);
  if (differs !== -1) {
    throw fail('not-as-written', { reason: `its header differs from byte ${differs} on` });
  }
  return layout;
}

/**
 * Reads a header that came from anywhere: every offset, size and name is checked, and the tensors
 * must tile the data exactly, as the format demands.
 * @param json the header without its length prefix
 * @param fileByteLength size of the whole file
 * @param isLeftOut by its name, a tensor that is not wanted, of whatever type; it tiles the data like any
 * @throws FedvoxError `weights/not-safetensors`, `weights/unsupported-dtype`
 */
export function decodeHeader(
  json: Uint8Array,
  fileByteLength: number,
  isLeftOut: (name: string) => boolean = () => false,
): Layout {
  const dataStart = LENGTH_BYTES + json.length;
  const entries: TensorEntry[] = [];
  const { [METADATA_KEY]: metadata, ...members } = parseObject(json);
  for (const [name, value] of Object.entries(members)) {
    const entry = isLeftOut(name) ? placeOf : decodeEntry;
    entries.push(entry(name, value, dataStart));
  }
  entries.sort((a, b) => a.byteOffset - b.byteOffset || a.byteLength - b.byteLength);
  let expected = dataStart;
  for (const entry of entries) {
    if (entry.byteOffset !== expected) {
      throw fail('not-safetensors', { reason: `tensor ${entry.name} overlaps or leaves a gap` });
    }
    expected += entry.byteLength;
  }
  if (expected !== fileByteLength) {
    throw fail('not-safetensors', {
      reason: `header describes ${expected} bytes, the file has ${fileByteLength}`,
    });
  }
  const tensors = entries.filter(({ name }) => !isLeftOut(name));
  return { tensors, byteLength: fileByteLength, metadata: decodeMetadata(metadata) };
}

/** Other writers put what they like there; what is no text is none of our keys. */
function decodeMetadata(value: unknown): Metadata {
  const entries = Object.entries(value ?? {});
  return Object.fromEntries(
    entries.filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
  );
}

function parseObject(json: Uint8Array): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(json));
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
      return value as Record<string, unknown>;
    }
  } catch (cause) {
    throw fail('not-safetensors', { reason: 'its header is not JSON' }, { cause });
  }
  throw fail('not-safetensors', { reason: 'its header is not a JSON object' });
}

function decodeEntry(name: string, value: unknown, dataStart: number): TensorEntry {
  const { dtype } = (value ?? {}) as Record<string, unknown>;
  if (dtype !== 'F32') throw fail('unsupported-dtype', { tensor: name, dtype: String(dtype) });
  const entry = placeOf(name, value, dataStart);
  if (entry.byteLength !== elementCount(entry.shape) * 4) {
    throw fail('not-safetensors', { reason: `tensor ${name} has offsets that belie its shape` });
  }
  return entry;
}

/** Where a tensor of any type says that it lies. */
function placeOf(name: string, value: unknown, dataStart: number): TensorEntry {
  const { shape, data_offsets: offsets } = (value ?? {}) as Record<string, unknown>;
  if (!isCounts(shape) || !isCounts(offsets) || offsets.length !== 2) {
    throw fail('not-safetensors', { reason: `tensor ${name} has no valid shape and offsets` });
  }
  const [begin, end] = offsets as [number, number];
  if (end < begin) {
    throw fail('not-safetensors', { reason: `tensor ${name} has offsets that belie its shape` });
  }
  return { name, shape, byteOffset: dataStart + begin, byteLength: end - begin };
}

function isCounts(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((item) => Number.isSafeInteger(item) && item >= 0);
}
