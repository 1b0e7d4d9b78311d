import type { Language } from '@fedvox/report';
import { Option } from 'commander';

/** Those of `@fedvox/report`, which is loaded only when a report is made. */
const LANGUAGES: Readonly<Record<Language, string>> = { en: 'English', zh: 'Chinese' };

export function languageOption(): Option {
  return new Option('--lang <language>', `of the report: ${Object.values(LANGUAGES).join(', ')}`)
    .choices(Object.keys(LANGUAGES))
    .default('en');
}
