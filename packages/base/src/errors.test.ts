import { describe, expect, it } from 'vitest';
import { defineErrors, isFedvoxError } from './errors.js';

const fail = defineErrors('kitchen', {
  burnt: { message: '{dish} burnt after {minutes} min', advice: 'Cook {dish} for less long.' },
  closed: { message: 'the kitchen is closed', advice: 'Come at noon, or set `hours: {from: 8}`.' },
});

describe('an error of a table', () => {
  it('carries its code, its filled-in message and its advice', () => {
    const cause = new Error('smoke');
    const error = fail('burnt', { dish: 'rice', minutes: 40 }, { cause });
    expect(error.code).toBe('kitchen/burnt');
    expect(error.message).toBe('rice burnt after 40 min');
    expect(error.advice).toBe('Cook rice for less long.');
    expect(error.cause).toBe(cause);
    expect(isFedvoxError(error, 'kitchen/burnt')).toBe(true);
    expect(isFedvoxError(error, 'kitchen/raw')).toBe(false);
  });

  it('is not made with a placeholder left open', () => {
    // @ts-expect-error: it does not even compile
    expect(() => fail('burnt', { dish: 'rice' })).toThrow(/lacks detail minutes/);
    // @ts-expect-error: nor without any detail
    expect(() => fail('burnt')).toThrow(/lacks detail dish/);
  });

  it('takes no detail that neither message nor advice names', () => {
    // @ts-expect-error: a word that is misspelt, or that no reader would see
    fail('burnt', { dish: 'rice', minutes: 40, cook: 'Ann' });
    // @ts-expect-error: the same where nothing is named
    fail('closed', { dish: 'rice' });
    expect(fail('closed').advice).toBe('Come at noon, or set `hours: {from: 8}`.');
  });

  it('of one of several entries is made with what any of them names', () => {
    const name = 'burnt' as 'burnt' | 'closed';
    expect(fail(name, { dish: 'rice', minutes: 40 }).code).toBe('kitchen/burnt');
    // @ts-expect-error: it may be the one that names a dish
    expect(() => fail(name)).toThrow(/lacks detail/);
  });
});
