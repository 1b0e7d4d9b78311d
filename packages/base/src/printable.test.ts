import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { printable, printableLine } from './printable.js';

describe('a text that others wrote', () => {
  it('is printed without what would command a terminal or turn the line around', () => {
    expect(printable('a\u001b]0;b\u0007c\rd\u009b2Je\u202ef\u007f\u2028')).toBe(
      String.raw`a\u001b]0;b\u0007c\u000dd\u009b2Je\u202ef\u007f\u2028`,
    );
  });

  it('keeps the lines and tabs of ours, unless it is one line', () => {
    expect(printable('a\n\tb')).toBe('a\n\tb');
    expect(printableLine('a\n\tb')).toBe(String.raw`a\u000a\u0009b`);
  });

  it('keeps every letter of every language', () => {
    const text = 'Müller-Łukasiewicz 山田^太郎 → Dice 0.9 … مريم';
    expect(printable(text)).toBe(text);
  });

  it('is the same value when it is JSON', () => {
    fc.assert(
      fc.property(fc.json(), (json) => {
        const line = JSON.stringify(JSON.parse(json));
        expect(JSON.parse(printable(line))).toEqual(JSON.parse(line));
      }),
    );
    const named = JSON.stringify({ site: 'a\u0085\u202e\u001b' });
    expect(JSON.parse(printable(named))).toEqual(JSON.parse(named));
  });
});
