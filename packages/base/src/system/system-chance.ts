import { randomBytes } from 'node:crypto';
import { type Chance, ID_LENGTH, spellId } from '../chance.js';

export const systemChance: Chance = { uniform: Math.random, id: randomId };

/** An id for what nobody sees but this machine: the name of a temporary file. */
export function randomId(): string {
  return spellId(randomBytes(ID_LENGTH));
}
