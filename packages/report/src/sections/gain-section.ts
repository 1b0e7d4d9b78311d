import { dotChart } from '@fedvox/charts';
import type { ComparedVariant } from '../comparison-record.js';
import { type Html, html, raw } from '../html-markup.js';
import type { WordsOfComparison } from '../words/comparison-words.js';
import { nameOf, signed } from './variant-phrases.js';

/** By how much each site's Dice is above that of its own model: a dot for each site, however many. */
export function gainSection(all: readonly ComparedVariant[], words: WordsOfComparison): Html {
  const alone = all.find(({ kind }) => kind === 'alone');
  if (alone === undefined) return html``;
  const { comparison: say } = words;
  const own = new Map(alone.bySite.map(({ site, dice }) => [site, dice?.mean]));
  const lanes = all
    .filter((variant) => variant !== alone)
    .map(({ name, kind, bySite }) => {
      const values = bySite.flatMap(({ site, dice }) => {
        const before = own.get(site);
        return dice === null || before === undefined ? [] : [dice.mean - before];
      });
      const mean = values.reduce((sum, each) => sum + each, 0) / values.length;
      return { name: nameOf(name, kind, words), values, ...(values.length > 0 && { mean }) };
    });
  const values = lanes.flatMap((lane) => lane.values);
  if (values.length === 0) return html``;
  const chart = dotChart({
    title: say.gainTitle,
    description: say.gainDescription(alone.bySite.length),
    xLabel: say.gainTitle,
    xDomain: [Math.min(0, ...values), Math.max(0, ...values)],
    lanes,
    words: { dot: words.terms.site, mean: say.terms.mean, interval: say.terms.interval },
  });
  const worse = values.filter((value) => value < 0).length;
  return html`<figure>${raw(chart)}</figure>
<p class="note">${say.gainRange(signed(Math.min(...values)), signed(Math.max(...values)), worse)}</p>`;
}
