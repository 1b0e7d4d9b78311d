import { describe, expect, it } from 'vitest';
import { decodeHeader, encodeHeader, headerByteLength, MAX_HEADER_BYTES } from './layout.js';

/** Decodes a header written by hand, for a file with `dataBytes` of data behind it. */
function decode(header: unknown, dataBytes: number) {
  const text = typeof header === 'string' ? header : JSON.stringify(header);
  const json = new TextEncoder().encode(text);
  return decodeHeader(json, 8 + json.length + dataBytes);
}

const f32 = (shape: unknown, data_offsets: unknown) => ({ dtype: 'F32', shape, data_offsets });

describe('a safetensors header', () => {
  it('lays tensors out in order of name, each directly behind the last', () => {
    const { header, layout } = encodeHeader([
      { name: 'b', shape: [2, 2] },
      { name: 'a', shape: [3] },
    ]);
    expect(header.length % 8).toBe(0);
    expect(layout.tensors).toEqual([
      { name: 'a', shape: [3], byteOffset: header.length, byteLength: 12 },
      { name: 'b', shape: [2, 2], byteOffset: header.length + 12, byteLength: 16 },
    ]);
    expect(layout.byteLength).toBe(header.length + 28);
  });

  it('is read back as it was written', () => {
    const { header, layout } = encodeHeader([
      { name: 'weight', shape: [2, 3, 1, 1, 1] },
      { name: 'bias', shape: [2] },
    ]);
    expect(headerByteLength(header)).toBe(header.length - 8);
    expect(decodeHeader(header.subarray(8), layout.byteLength)).toEqual(layout);
  });

  it('carries what the file says of itself, text only, and nothing where it says nothing', () => {
    const { header, layout } = encodeHeader([{ name: 'a', shape: [1] }], { by: 'a job' });
    expect(decodeHeader(header.subarray(8), layout.byteLength).metadata).toEqual({ by: 'a job' });
    expect(header.length % 8).toBe(0);
    expect(encodeHeader([{ name: 'a', shape: [1] }], {}).header).toEqual(
      encodeHeader([{ name: 'a', shape: [1] }]).header,
    );
    const strange = { __metadata__: { by: 'a job', epochs: 3 }, a: f32([1], [0, 4]) };
    expect(decode(strange, 4).metadata).toEqual({ by: 'a job' });
  });

  it('accepts tensors in any order, as long as they tile the data', () => {
    const { tensors } = decode({ a: f32([1], [8, 12]), b: f32([2], [0, 8]) }, 12);
    expect(tensors.map(({ name }) => name)).toEqual(['b', 'a']);
  });

  it('leaves a tensor out that is not wanted, whose bytes are accounted for all the same', () => {
    const counts = (data_offsets: unknown) => ({ dtype: 'I64', shape: [], data_offsets });
    const without = (header: unknown, dataBytes: number) => {
      const json = new TextEncoder().encode(JSON.stringify(header));
      return decodeHeader(json, 8 + json.length + dataBytes, (name) => name === 'n').tensors;
    };
    const names = without({ n: counts([0, 8]), a: f32([1], [8, 12]) }, 12).map(({ name }) => name);
    expect(names).toEqual(['a']);
    expect(() => without({ n: counts([0, 8]), a: f32([1], [0, 4]) }, 8)).toThrow(/overlaps/);
    expect(() => without({ n: counts([8, 0]), a: f32([1], [0, 4]) }, 4)).toThrow(/belie/);
  });

  it('refuses a length that no reader should allocate', () => {
    const prefix = new Uint8Array(8);
    new DataView(prefix.buffer).setBigUint64(0, BigInt(MAX_HEADER_BYTES) + 1n, true);
    expect(() => headerByteLength(prefix)).toThrow(/header of 1048577 bytes/);
    prefix.fill(0xff);
    expect(() => headerByteLength(prefix)).toThrow(/header of 18446744073709551615 bytes/);
  });

  it.each([
    ['text that is not JSON', '{"a":', 0, /not JSON/],
    ['an array', [], 0, /not a JSON object/],
    ['null', 'null', 0, /not a JSON object/],
    ['a tensor that is null', { a: null }, 0, /dtype undefined/],
    ['offsets before the data', { a: f32([1], [-4, 0]) }, 4, /no valid shape and offsets/],
    ['offsets with a fraction', { a: f32([1], [0.5, 4.5]) }, 4, /no valid shape and offsets/],
    ['offsets beyond exact integers', { a: f32([1], [0, 2 ** 60]) }, 4, /no valid shape/],
    ['offsets as text', { a: f32([1], '04') }, 4, /no valid shape and offsets/],
    ['three offsets', { a: f32([1], [0, 4, 8]) }, 4, /no valid shape and offsets/],
    ['a negative size', { a: f32([-1], [0, 4]) }, 4, /no valid shape and offsets/],
    ['offsets in the wrong order', { a: f32([1], [4, 0]) }, 4, /belie its shape/],
    ['a shape larger than its bytes', { a: f32([2 ** 40, 2 ** 40], [0, 4]) }, 4, /belie its shape/],
    ['overlapping tensors', { a: f32([2], [0, 8]), b: f32([2], [4, 12]) }, 12, /overlaps/],
    ['two tensors on the same bytes', { a: f32([1], [0, 4]), b: f32([1], [0, 4]) }, 4, /overlaps/],
    ['a gap between tensors', { a: f32([1], [0, 4]), b: f32([1], [8, 12]) }, 12, /leaves a gap/],
    ['bytes behind the last tensor', { a: f32([1], [0, 4]) }, 8, /the file has/],
    ['data that is missing', { a: f32([2], [0, 8]) }, 4, /the file has/],
    [
      'a tensor named twice',
      '{"a":{},"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}',
      8,
      /gap/,
    ],
  ])('refuses %s', (_, header, dataBytes, reason) => {
    expect(() => decode(header, dataBytes)).toThrow(reason);
  });
});
