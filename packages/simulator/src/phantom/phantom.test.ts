import { expect, it } from 'vitest';
import { hasLesion } from './phantom.js';

it('as many patients have a lesion as was said, spread over all of them', () => {
  const sick = (lesions: number) =>
    Array.from({ length: 12 }, (_, index) => Number(hasLesion({ lesions }, index))).join('');
  expect(sick(0)).toBe('000000000000');
  expect(sick(0.25)).toBe('100010001000');
  expect(sick(0.5)).toBe('101010101010');
  expect(sick(1)).toBe('111111111111');
});
