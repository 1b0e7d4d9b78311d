import { describe, expect, it } from 'vitest';
import { encapsulatedFrame, encapsulatedFrames } from './encapsulation.js';

function item(tag: number, value: readonly number[]): Buffer {
  const head = Buffer.alloc(8);
  head.writeUInt16LE(0xfffe, 0);
  head.writeUInt16LE(tag, 2);
  head.writeUInt32LE(value.length, 4);
  return Buffer.concat([head, Buffer.from(value)]);
}

/** Pixel data with these fragments and an empty basic offset table (PS3.5 table A.4-1). */
function frames(frameCount: number, ...fragments: (readonly number[])[]): number[][] {
  const items = [[], ...fragments].map((value) => item(0xe000, value));
  const bytes = Buffer.concat([...items, item(0xe0dd, [])]);
  const whole = encapsulatedFrames('x', bytes, { offset: 0, length: undefined }, frameCount);
  return Array.from({ length: frameCount }, (_, index) => [...encapsulatedFrame(whole, index)]);
}

describe('compressed frames without an offset table', () => {
  it('are a fragment each where there are as many', () => {
    expect(frames(2, [1, 2], [3, 4])).toEqual([
      [1, 2],
      [3, 4],
    ]);
  });

  it('are all fragments together where there is one frame', () => {
    expect(frames(1, [1, 2], [3, 4], [5, 6])).toEqual([[1, 2, 3, 4, 5, 6]]);
  });

  it.each([
    ['JPEG', 0xd8],
    ['JPEG 2000', 0x4f],
  ])('begin where a %s stream begins', (_, mark) => {
    expect(frames(2, [0xff, mark, 1, 1], [2, 2], [0xff, mark, 3, 3])).toEqual([
      [0xff, mark, 1, 1, 2, 2],
      [0xff, mark, 3, 3],
    ]);
  });

  it('are refused where nothing tells which fragment belongs to which', () => {
    expect(() => frames(2, [1, 2], [3, 4], [5, 6])).toThrow('cannot be told apart');
  });

  it('are refused where there are fewer fragments than frames', () => {
    expect(() => frames(3, [1, 2], [3, 4])).toThrow('no pixels for frame 3');
  });
});
