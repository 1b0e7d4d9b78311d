import { LANGUAGES, type Language, WORDS, type Words } from '@fedvox/report/parts';
import { computed, effect, signal } from '@preact/signals';
import type { PageSelf } from '../src/page-contract.js';
import { CHINESE } from './words/chinese.js';
import { CHINESE_REFUSALS, type RefusalWords } from './words/chinese-refusals.js';
import { ENGLISH } from './words/english.js';
import type { PageWords, Word } from './words/page-words.js';

const PAGE_WORDS: Readonly<Record<Language, PageWords>> = { en: ENGLISH, zh: CHINESE };
export const LANGUAGE_NAMES: Readonly<Record<Language, string>> = { en: 'English', zh: '中文' };
const KEPT = 'fedvox-language';

export const language = signal<Language>(firstLanguage());

/** What reports say too. */
export const words = computed<Words>(() => WORDS[language.value]);

effect(() => {
  document.documentElement.lang = words.value.code;
  localStorage.setItem(KEPT, language.value);
});

/** A text of this page; words in braces are filled in. */
export function say(word: Word, values: Readonly<Record<string, string | number>> = {}): string {
  const text = PAGE_WORDS[language.value][word];
  return text.replace(/\{(\w+)\}/g, (_, name: string) => String(values[name] ?? ''));
}

/** What the refusal of an update means, and in which language that is said; undefined where it is not known here. */
export function refusalWords(
  code: string,
  self: PageSelf | null,
): (RefusalWords & { readonly lang: string }) | undefined {
  const chinese: Readonly<Record<string, RefusalWords>> = CHINESE_REFUSALS;
  const own = language.value === 'zh' ? chinese[code] : undefined;
  if (own !== undefined) return { ...own, lang: words.value.code };
  const told = self?.refusals[code];
  return told && { ...told, lang: 'en' };
}

/** Chosen here before, or else the browser's. */
function firstLanguage(): Language {
  const kept = LANGUAGES.find((each) => each === localStorage.getItem(KEPT));
  return kept ?? (navigator.language.startsWith('zh') ? 'zh' : 'en');
}
