export { CallFailure, call, NOT_SERVED, postJson, type ToldFailure, toldOf } from './calls.js';
export { Chart } from './chart.js';
export { filledIn, LanguageChoice, language, words } from './chosen-language.js';
export { ClockTime } from './clock-time.js';
export { DataTable, type TableColumn } from './data-table.js';
export { FailureAlert } from './failure-alert.js';
export { clockText, dayText, locale, wholeSpanText } from './moments.js';
export { showPage } from './show-page.js';
export { TwoStepButton, type TwoStepProps } from './two-step-button.js';
