import { describe, expect, it } from 'vitest';
import { seededRandom, shuffled } from './random.js';

const draw = (seed: string, count: number) => {
  const random = seededRandom(seed);
  return Array.from({ length: count }, () => random.uniform());
};

describe('a seeded stream', () => {
  it('is the same for the same seed and another for another', () => {
    expect(draw('a', 100)).toEqual(draw('a', 100));
    expect(draw('a', 1)).not.toEqual(draw('b', 1));
  });

  it('is xoshiro128** of the first 16 bytes of the seed’s SHA-256', () => {
    // By a Python version of the authors' C code.
    expect(draw('a', 4)).toEqual([
      0.6208690007753118, 0.8275000666371467, 0.5805935982066607, 0.6738422677431349,
    ]);
  });

  it('forks by label alone, however much was drawn before', () => {
    const fresh = seededRandom(7).fork('x').uniform();
    const used = seededRandom(7);
    used.uniform();
    expect(used.fork('x').uniform()).toBe(fresh);
    expect(used.fork('y').uniform()).not.toBe(fresh);
  });

  it('begins anew from its seed, and goes on from its state', () => {
    const forked = seededRandom(7).fork('x');
    const first = forked.normal();
    expect(seededRandom(forked.seed).normal()).toBe(first);
    const other = seededRandom('other');
    other.state.set(forked.state);
    expect(other.normal()).toBe(forked.normal());
  });

  it('has the moments of the uniform and the normal distribution', () => {
    const count = 200_000;
    const uniforms = draw('moments', count);
    const mean = uniforms.reduce((sum, x) => sum + x, 0) / count;
    expect(Math.abs(mean - 0.5)).toBeLessThan(5 * Math.sqrt(1 / 12 / count));
    const random = seededRandom('normal');
    const normals = Array.from({ length: count }, () => random.normal());
    const variance = normals.reduce((sum, x) => sum + x * x, 0) / count;
    expect(Math.abs(variance - 1)).toBeLessThan(5 * Math.sqrt(2 / count));
  });

  it('shuffles every item into every place about equally often', () => {
    const random = seededRandom('shuffle');
    const seen = new Map<string, number>();
    for (let run = 0; run < 6000; run++) {
      const order = shuffled(['a', 'b', 'c'], random).join('');
      seen.set(order, (seen.get(order) ?? 0) + 1);
    }
    expect(seen.size).toBe(6);
    for (const count of seen.values()) expect(Math.abs(count - 1000)).toBeLessThan(150);
  });
});
