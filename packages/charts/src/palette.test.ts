import { describe, expect, it } from 'vitest';
import { GROUND, LINE_LOOKS } from './palette.js';

/** WCAG 2.2, relative luminance and contrast ratio. */
function luminance(colour: string): number {
  const channel = (at: number) => {
    const part = Number.parseInt(colour.slice(at, at + 2), 16) / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  };
  return 0.2126 * channel(1) + 0.7152 * channel(3) + 0.0722 * channel(5);
}
function contrast(a: string, b: string): number {
  const [dark, light] = [luminance(a), luminance(b)].sort((x, y) => x - y) as [number, number];
  return (light + 0.05) / (dark + 0.05);
}

describe('the colours of lines', () => {
  it.each(['light', 'dark'] as const)('can be seen on their ground: %s', (mode) => {
    for (const look of LINE_LOOKS) {
      expect(contrast(look[mode], GROUND[mode]), look[mode]).toBeGreaterThan(2);
    }
  });

  it('are all different, and so are neighbours’ dashes', () => {
    for (const mode of ['light', 'dark'] as const) {
      expect(new Set(LINE_LOOKS.map((look) => look[mode])).size).toBe(LINE_LOOKS.length);
    }
    for (const [index, { dashes }] of LINE_LOOKS.entries()) {
      expect(dashes).not.toBe(LINE_LOOKS[index - 1]?.dashes);
    }
  });
});
