import { filledIn, language } from '@fedvox/desk/web';
import type { Language } from '@fedvox/report/parts';
import { REVIEW_CHINESE } from './words/review-chinese.js';
import { REVIEW_ENGLISH } from './words/review-english.js';
import type { ReviewWord, ReviewWords } from './words/review-words.js';

const REVIEW_WORDS: Readonly<Record<Language, ReviewWords>> = {
  en: REVIEW_ENGLISH,
  zh: REVIEW_CHINESE,
};

/** A text of the pages of reviews; words in braces are filled in. */
export function tell(
  word: ReviewWord,
  values: Readonly<Record<string, string | number>> = {},
): string {
  return filledIn(REVIEW_WORDS[language.value][word], values);
}
