import type { SpanLook } from '@fedvox/charts';
import type { AnswerKind } from './words/words.js';

/** How a chart shows what a site did in a round. */
export const ANSWER_LOOKS: Readonly<Record<AnswerKind, Pick<SpanLook, 'shape' | 'colour'>>> = {
  answered: { shape: 'solid', colour: 0 },
  late: { shape: 'solid', colour: 4 },
  declined: { shape: 'hollow', colour: 1 },
  'given-up': { shape: 'dashed', colour: 1 },
  silent: { shape: 'thin', colour: 7 },
  awaited: { shape: 'dashed', colour: 0 },
};
