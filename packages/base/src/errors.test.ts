import { describe, expect, it } from 'vitest';
import { defineErrors, isFedvoxError } from './errors.js';

const fail = defineErrors('kitchen', {
  burnt: { message: '{dish} burnt after {minutes} min', advice: 'Cook {dish} for less long.' },
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
    expect(() => fail('burnt', { dish: 'rice' })).toThrow(/lacks detail minutes/);
  });
});
