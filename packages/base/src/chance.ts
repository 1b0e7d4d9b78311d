import type { Random } from './random.js';

/**
 * Chance as a plain argument, where nothing has to be replayed but a simulation: to spread what would
 * come all at once, and to tell apart what has one name. Keys, nonces and tokens come from `node:crypto`.
 */
export interface Chance {
  /** Uniform in [0, 1). */
  uniform(): number;
  /** Eighty random bits as 16 lower-case base-32 characters; no ambiguous letters. */
  id(): string;
}

const ID_LETTERS = '0123456789abcdefghjkmnpqrstvwxyz';
export const ID_LENGTH = 16;

/** The chance of a simulation: the same from the same seed. */
export function seededChance(random: Random): Chance {
  const numbers = random.fork('numbers');
  const ids = random.fork('ids');
  return {
    uniform: numbers.uniform,
    id: () => spellId(Array.from({ length: ID_LENGTH }, () => ids.below(ID_LETTERS.length))),
  };
}

/** One letter for the low five bits of each number. */
export function spellId(numbers: Iterable<number>): string {
  return Array.from(numbers, (number) => ID_LETTERS[number & 31]).join('');
}
