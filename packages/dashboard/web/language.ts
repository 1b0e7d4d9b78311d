import { filledIn, language, words } from '@fedvox/desk/web';
import type { Language } from '@fedvox/report/parts';
import { effect, signal } from '@preact/signals';
import type { PageSelf } from '../src/page-contract.js';
import { CHINESE } from './words/chinese.js';
import type { RefusalWords } from './words/chinese-refusals.js';
import { ENGLISH } from './words/english.js';
import type { PageWords, Word } from './words/page-words.js';

const PAGE_WORDS: Readonly<Record<Language, PageWords>> = { en: ENGLISH, zh: CHINESE };

/** A text of this page; words in braces are filled in. */
export function say(word: Word, values: Readonly<Record<string, string | number>> = {}): string {
  return filledIn(PAGE_WORDS[language.value][word], values);
}

/** Loaded once the page speaks Chinese: the others never need them. */
const chineseRefusals = signal<Readonly<Record<string, RefusalWords>>>({});

effect(() => {
  if (language.value !== 'zh') return;
  void import('./words/chinese-refusals.js').then(({ CHINESE_REFUSALS }) => {
    chineseRefusals.value = CHINESE_REFUSALS;
  });
});

/** What the refusal of an update means, and in which language that is said; undefined where it is not known here. */
export function refusalWords(
  code: string,
  self: PageSelf | null,
): (RefusalWords & { readonly lang: string }) | undefined {
  const own = language.value === 'zh' ? chineseRefusals.value[code] : undefined;
  if (own !== undefined) return { ...own, lang: words.value.code };
  const told = self?.refusals[code];
  return told && { ...told, lang: 'en' };
}
