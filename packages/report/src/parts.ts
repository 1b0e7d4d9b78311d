// What a page that runs says in the report's own words and charts: the door `@fedvox/report/parts`. Nothing behind it
// loads a schema or anything of a system, so that a browser can have it.
export { PaceColumns } from './pace-columns.js';
export { figureText, spanText, toldText } from './phrases.js';
export { type AnsweredRound, answerKind, answersOf, RoundAnswers } from './round-answers.js';
export { MAX_TIMED_ROUNDS, timelineChart } from './timeline.js';
export { LANGUAGES, type Language, WORDS } from './words/languages.js';
export type { AnswerKind, Words } from './words/words.js';
