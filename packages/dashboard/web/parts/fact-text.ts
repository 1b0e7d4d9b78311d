import { clockText, words } from '@fedvox/desk/web';
import type { CoordinatorEvent } from '../../src/page-contract.js';

type Fact = CoordinatorEvent['fact'];

/** A fact in the words that reports have for it; a newer coordinator may tell of what has none here yet. */
export function factText(fact: Fact): string {
  const { facts } = words.value;
  const say = facts[fact.kind] as ((fact: Fact, moment: typeof clockText) => string) | undefined;
  return say === undefined ? fact.kind : say(fact, clockText);
}
