import { describe, expect, it } from 'vitest';
import { isPlainDescent, type OptimizerSpec, optimizerSchema } from './optimizer-terms.js';

const parsed = (said: object) => optimizerSchema.parse(said) as OptimizerSpec;

describe('an optimizer', () => {
  it('that was known before others were is filled in as it was, key by key', () => {
    const adam = { kind: 'adam', learningRate: 1e-3, beta1: 0.9, beta2: 0.999, epsilon: 1e-8 };
    expect(parsed({ kind: 'adam' })).toEqual(adam);
    expect(parsed({ kind: 'sgd' })).toEqual({ kind: 'sgd', learningRate: 1e-2 });
  });

  it('looks ahead along a momentum, or is refused', () => {
    expect(parsed({ kind: 'sgd', momentum: 0.99, nesterov: true })).toMatchObject({
      nesterov: true,
    });
    const { error } = optimizerSchema.safeParse({ kind: 'sgd', nesterov: true });
    expect(error?.issues[0]?.path).toEqual(['nesterov']);
  });

  it('is plain descent without momentum and weight decay', () => {
    expect(isPlainDescent(parsed({ kind: 'sgd', weightDecay: 0, nesterov: false }))).toBe(true);
    expect(isPlainDescent(parsed({ kind: 'sgd', momentum: 0.9 }))).toBe(false);
    expect(isPlainDescent(parsed({ kind: 'sgd', weightDecay: 1e-5 }))).toBe(false);
    expect(isPlainDescent(parsed({ kind: 'adam' }))).toBe(false);
  });
});
