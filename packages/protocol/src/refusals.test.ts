import { describe, expect, it } from 'vitest';
import { ERRORS } from './errors.js';
import { REFUSALS } from './refusal-table.js';

describe('the tables', () => {
  it('say what is wrong and what to do, each entry in one line each', () => {
    for (const [code, { message, advice }] of [
      ...Object.entries(REFUSALS),
      ...Object.entries(ERRORS),
    ]) {
      expect(code).toMatch(/^[a-z]+(-[a-z]+)*$/);
      expect(message).toMatch(/^\S.*[^.]$/);
      expect(advice).toMatch(/^[A-Z].*\.$/);
    }
  });
});
