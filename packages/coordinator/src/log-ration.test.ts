import { describe, expect, it } from 'vitest';
import { LogRation } from './log-ration.js';

describe('a ration of log lines', () => {
  const rules = { maxLines: 2, windowMs: 100, maxKinds: 3 };

  it('writes the first ones of a kind, and says later how many it left out', () => {
    const ration = new LogRation(rules);
    const written = [0, 1, 2, 3, 99].map((nowMs) => ration.take('a', nowMs).isWritten);
    expect(written).toEqual([true, true, false, false, false]);
    expect(ration.take('a', 100)).toEqual({ isWritten: true, leftOut: 3 });
    expect(ration.take('a', 201)).toEqual({ isWritten: true, leftOut: 0 });
  });

  it('keeps kinds apart', () => {
    const ration = new LogRation(rules);
    for (let i = 0; i < 5; i++) ration.take('a', 0);
    expect(ration.take('b', 0).isWritten).toBe(true);
  });

  it('remembers no more kinds than it says', () => {
    const ration = new LogRation(rules);
    for (let i = 0; i < 3; i++) ration.take('a', 0);
    for (let i = 0; i < 3; i++) ration.take(`other ${i}`, 0);
    expect(ration.take('a', 0).isWritten).toBe(true);
  });
});
