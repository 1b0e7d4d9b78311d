import { filledIn, language } from '@fedvox/desk/web';
import type { Language } from '@fedvox/report/parts';
import { CHINESE } from './words/chinese.js';
import type { ConsoleWords, Word } from './words/console-words.js';
import { ENGLISH } from './words/english.js';

const CONSOLE_WORDS: Readonly<Record<Language, ConsoleWords>> = { en: ENGLISH, zh: CHINESE };

/** A text of this page; words in braces are filled in. */
export function say(word: Word, values: Readonly<Record<string, string | number>> = {}): string {
  return filledIn(CONSOLE_WORDS[language.value][word], values);
}
