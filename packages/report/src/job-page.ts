import { METRIC_NAMES } from '@fedvox/job';
import type { JobRecord } from './job-record.js';
import { reportPage } from './report-page.js';
import { factsSection } from './sections/facts-section.js';
import { figuresSection } from './sections/figures-section.js';
import { modelsSection } from './sections/models-section.js';
import { roundsSection } from './sections/rounds-section.js';
import { sitesSection } from './sections/sites-section.js';
import { summarySection } from './sections/summary-section.js';
import { verdictsSection } from './sections/verdicts-section.js';
import { type Language, WORDS } from './words/languages.js';

/** A job as one HTML file that needs no other, runs nothing and prints well. */
export function jobReport(record: JobRecord, language: Language): string {
  const words = WORDS[language];
  return reportPage(words.code, words.title(record.details.name), [
    summarySection(record, words),
    ...METRIC_NAMES.map((metric) => figuresSection(record, metric, words)),
    sitesSection(record, words),
    roundsSection(record, words),
    ...verdictsSection(record, words),
    modelsSection(record, words),
    factsSection(record, words),
  ]);
}
