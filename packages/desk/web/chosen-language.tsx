import { LANGUAGES, type Language, WORDS, type Words } from '@fedvox/report/parts';
import { computed, effect, signal } from '@preact/signals';

const NAMES: Readonly<Record<Language, string>> = { en: 'English', zh: '中文' };
const KEPT = 'fedvox-language';

/** The one that a page speaks: chosen here before, or else the browser's. */
export const language = signal<Language>(firstLanguage());

/** What reports say too: units, names of a chart's parts. */
export const words = computed<Words>(() => WORDS[language.value]);

effect(() => {
  document.documentElement.lang = words.value.code;
  localStorage.setItem(KEPT, language.value);
});

export function LanguageChoice() {
  return (
    <p class="languages">
      {LANGUAGES.map((each) => (
        <button
          key={each}
          type="button"
          lang={each}
          aria-pressed={each === language.value}
          onClick={() => {
            language.value = each;
          }}
        >
          {NAMES[each]}
        </button>
      ))}
    </p>
  );
}

/** A text with its words in braces filled in. */
export function filledIn(text: string, values: Readonly<Record<string, string | number>>): string {
  if (!text.includes('{')) return text;
  return text.replace(/\{(\w+)\}/g, (_, name: string) => String(values[name] ?? ''));
}

function firstLanguage(): Language {
  const kept = LANGUAGES.find((each) => each === localStorage.getItem(KEPT));
  return kept ?? (navigator.language.startsWith('zh') ? 'zh' : 'en');
}
