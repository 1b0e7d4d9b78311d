import { CHINESE_COMPARISON } from './comparison-chinese.js';
import { ENGLISH_COMPARISON } from './comparison-english.js';
import type { WordsOfComparison } from './comparison-words.js';
import { type Language, WORDS } from './languages.js';

/** By themselves: pages that show parts of a job's report do not load them. */
export const COMPARISON_WORDS: Readonly<Record<Language, WordsOfComparison>> = {
  en: { ...WORDS.en, comparison: ENGLISH_COMPARISON },
  zh: { ...WORDS.zh, comparison: CHINESE_COMPARISON },
};
