import { createHash } from 'node:crypto';
import { cosine, logarithm } from './elementary.js';

/**
 * A seeded stream of numbers for everything that must be replayed: weights, splits, augmentation.
 * Never for keys, nonces or tokens: those come from `node:crypto`.
 */
export interface Random {
  /** Another stream of it begins where this one began. */
  readonly seed: string;
  /** The generator's four words as they stand: whoever draws from them elsewhere leaves them as this would. */
  readonly state: Uint32Array;
  /** Uniform in [0, 1), 53 bits. */
  uniform(): number;
  /** Uniform integer in [0, bound). */
  below(bound: number): number;
  /** Standard normal (Box–Muller). */
  normal(): number;
  /** A stream of its own, a function of this seed and the label alone, however much was drawn. */
  fork(label: string): Random;
}

/** xoshiro128** (Blackman & Vigna, 2018), its state taken from SHA-256 of the seed. */
export function seededRandom(seed: string | number): Random {
  const key = String(seed);
  const digest = createHash('sha256').update(key).digest();
  const state = new Uint32Array([0, 4, 8, 12].map((at) => digest.readUInt32LE(at)));
  const next = () => nextUint32(state);
  const uniform = () => ((next() >>> 5) * 67108864 + (next() >>> 6)) / 9007199254740992;
  return {
    seed: key,
    state,
    uniform,
    below: (bound) => Math.floor(uniform() * bound),
    normal: () => Math.sqrt(-2 * logarithm(1 - uniform())) * cosine(2 * Math.PI * uniform()),
    fork: (label) => seededRandom(`${key}/${label}`),
  };
}

function nextUint32(state: Uint32Array): number {
  // One by one: to take the array apart by a pattern would start an iterator, at ten times the cost.
  const s0 = state[0] as number;
  const s1 = state[1] as number;
  const s2 = state[2] as number;
  const s3 = state[3] as number;
  const result = Math.imul(rotateLeft(Math.imul(s1, 5), 7), 9) >>> 0;
  const t = s1 << 9;
  const x2 = s2 ^ s0;
  const x3 = s3 ^ s1;
  state[0] = s0 ^ x3;
  state[1] = s1 ^ x2;
  state[2] = x2 ^ t;
  state[3] = rotateLeft(x3, 11);
  return result;
}

function rotateLeft(value: number, bits: number): number {
  return (value << bits) | (value >>> (32 - bits));
}

/** Fisher–Yates; returns a new array. */
export function shuffled<T>(items: readonly T[], random: Random): T[] {
  const result = [...items];
  for (let last = result.length - 1; last > 0; last--) {
    const pick = random.below(last + 1);
    const held = result[last] as T;
    result[last] = result[pick] as T;
    result[pick] = held;
  }
  return result;
}
