import { describe, expect, it } from 'vitest';
import { byteText } from './byte-text.js';

describe('a number of bytes for people', () => {
  it.each([
    [0, '0 bytes'],
    [999, '999 bytes'],
    [1_000, '1.0 KB'],
    [4_718_592, '4.7 MB'],
    [999_960, '1.0 MB'],
    [2.5e15, '2500.0 TB'],
  ])('of %d reads %s', (byteLength, text) => {
    expect(byteText(byteLength)).toBe(text);
  });
});
