export { CallFailure, call, NOT_SERVED, postJson, type ToldFailure, toldOf } from './calls.js';
export { Chart } from './chart.js';
export { filledIn, LanguageChoice, language, words } from './chosen-language.js';
export { DataTable, type TableColumn } from './data-table.js';
export { FailureAlert } from './failure-alert.js';
export { showPage } from './show-page.js';
