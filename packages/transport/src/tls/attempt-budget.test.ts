import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AttemptBudget } from './attempt-budget.js';

const rules = { burst: 3, refillMs: 100, maxRemembered: 2 };

describe('a budget of attempts', () => {
  it('is spent after so many in a row, and comes back one by one', () => {
    const budget = new AttemptBudget(rules);
    const takeAt = (nowMs: number) => budget.take('a', nowMs);
    expect([0, 0, 0, 0, 99, 100, 101, 200].map(takeAt)).toEqual([
      true,
      true,
      true,
      false,
      false,
      true,
      false,
      true,
    ]);
  });

  it('is not touched by attempts that went well, nor by those of others', () => {
    const budget = new AttemptBudget(rules);
    for (let i = 0; i < 10; i++) {
      expect(budget.take('a', i)).toBe(true);
      budget.giveBack('a', i);
    }
    for (let i = 0; i < 10; i++) budget.take('b', 0);
    expect(budget.take('a', 10)).toBe(true);
  });

  it('remembers no more than it says, and forgets who was heard of longest ago', () => {
    const budget = new AttemptBudget(rules);
    for (let i = 0; i < 3; i++) budget.take('a', 0);
    budget.take('b', 0);
    expect(budget.take('a', 0)).toBe(false);
    budget.take('c', 0);
    expect(budget.take('a', 0)).toBe(true);
  });

  it('never gives more than its burst and what time refills, however the clock jumps', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 1_000 }), { maxLength: 100 }), (times) => {
        const sorted = [...times].sort((a, b) => a - b);
        const budget = new AttemptBudget(rules);
        const given = sorted.filter((nowMs) => budget.take('a', nowMs)).length;
        expect(given).toBeLessThanOrEqual(rules.burst + (sorted.at(-1) ?? 0) / rules.refillMs);
      }),
    );
  });
});
