import { pointChart } from '@fedvox/charts';
import { METRICS } from '@fedvox/job';
import type { ComparisonRecord } from '../comparison-record.js';
import { type Html, html, raw } from '../html-markup.js';
import type { WordsOfComparison } from '../words/comparison-words.js';
import { megabytes, nameOf } from './variant-phrases.js';

/** What each variant's Dice costs in bytes that leave the sites; baselines send none and are levels. */
export function bytesSection(
  { variants: all }: ComparisonRecord,
  words: WordsOfComparison,
): Html[] {
  const { comparison: say } = words;
  const points = all.flatMap(({ name, kind, dice, bytes }) =>
    dice === null || bytes === null
      ? []
      : [
          {
            ...{ name: nameOf(name, kind, words), x: megabytes(bytes), y: dice.mean },
            ...(dice.low !== null &&
              dice.high !== null && { interval: { low: dice.low, high: dice.high } }),
          },
        ],
  );
  // Where all send as much, there is nothing to choose.
  if (new Set(points.map(({ x }) => x)).size < 2) return [];
  const levels = all.flatMap(({ name, kind, dice }) =>
    kind === 'federated' || dice === null
      ? []
      : [{ name: nameOf(name, kind, words), y: dice.mean }],
  );
  const chart = pointChart({
    title: say.bytesTitle,
    description: say.bytesDescription(points.length),
    xLabel: say.bytesAxis(METRICS.dice.title),
    ...{ points, levels },
  });
  return [
    html`<h2>${say.bytesTitle}</h2>
<figure>${raw(chart)}</figure>
<p class="note">${say.bytesNote}</p>`,
  ];
}
