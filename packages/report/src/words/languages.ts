import { CHINESE } from './chinese.js';
import { ENGLISH } from './english.js';
import type { Words } from './words.js';

export const LANGUAGES = ['en', 'zh'] as const;
export type Language = (typeof LANGUAGES)[number];
export const WORDS: Readonly<Record<Language, Words>> = { en: ENGLISH, zh: CHINESE };
