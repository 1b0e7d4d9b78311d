export { comparisonReport } from './comparison-page.js';
export type {
  ComparedRun,
  ComparedVariant,
  ComparisonRecord,
  Difference,
  Estimate,
} from './comparison-record.js';
export { evaluationReport } from './evaluation-page.js';
export type { EvaluationRecord } from './evaluation-record.js';
export { jobReport } from './job-page.js';
export type { JobRecord } from './job-record.js';
export { LANGUAGES, type Language } from './words/languages.js';
