import { LANGUAGES, type Language, WORDS } from '@fedvox/report/parts';
import { computed, effect, signal } from '@preact/signals';
import { CHINESE } from './words/chinese.js';
import type { ConsoleWords, Word } from './words/console-words.js';
import { ENGLISH } from './words/english.js';

const CONSOLE_WORDS: Readonly<Record<Language, ConsoleWords>> = { en: ENGLISH, zh: CHINESE };
export const LANGUAGE_NAMES: Readonly<Record<Language, string>> = { en: 'English', zh: '中文' };
const KEPT = 'fedvox-language';

export const language = signal<Language>(firstLanguage());

/** What reports say too: units, names of a chart's parts. */
export const words = computed(() => WORDS[language.value]);

effect(() => {
  document.documentElement.lang = words.value.code;
  localStorage.setItem(KEPT, language.value);
});

/** A text of this page; words in braces are filled in. */
export function say(word: Word, values: Readonly<Record<string, string | number>> = {}): string {
  const text = CONSOLE_WORDS[language.value][word];
  return text.replace(/\{(\w+)\}/g, (_, name: string) => String(values[name] ?? ''));
}

/** Chosen here before, or else the browser's. */
function firstLanguage(): Language {
  const kept = LANGUAGES.find((each) => each === localStorage.getItem(KEPT));
  return kept ?? (navigator.language.startsWith('zh') ? 'zh' : 'en');
}
