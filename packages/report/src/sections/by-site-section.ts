import { METRICS, type MetricName } from '@fedvox/job';
import type { ComparedSite, ComparedVariant, ComparisonRecord } from '../comparison-record.js';
import { dataTable, type Html, html, raw } from '../html-markup.js';
import { figureText } from '../phrases.js';
import type { WordsOfComparison } from '../words/comparison-words.js';
import { gainSection } from './gain-section.js';
import { nameOf, signed } from './variant-phrases.js';

/** What each site has of the federation: its figures, and by how much they are above those that it has alone. */
export function bySiteSection({ variants: all }: ComparisonRecord, words: WordsOfComparison): Html {
  const { comparison: say } = words;
  const hasAlone = all.some(({ kind }) => kind === 'alone');
  const hasAuc = all.some(({ bySite }) => bySite.some(({ auc }) => auc !== null));
  return html`<h2>${say.terms.bySite}</h2>
${raw(siteTable(all, 'dice', words))}
${raw(hasAuc ? siteTable(all, 'auc', words) : html``)}
<p class="note">${hasAlone ? say.gainNote : ''}</p>
${raw(gainSection(all, words))}`;
}

const FIGURE: Readonly<Record<MetricName, (of: ComparedSite) => number | null>> = {
  dice: ({ dice }) => dice?.mean ?? null,
  auc: ({ auc }) => auc,
};

function siteTable(
  all: readonly ComparedVariant[],
  metric: MetricName,
  words: WordsOfComparison,
): Html {
  const { terms, comparison: say } = words;
  const sites = all[0]?.bySite.map(({ site }) => site) ?? [];
  const figuresOf = (variant: ComparedVariant) =>
    new Map(variant.bySite.map((one) => [one.site, FIGURE[metric](one)]));
  const alone = all.find(({ kind }) => kind === 'alone');
  const own = alone && figuresOf(alone);
  const columns = all.map((variant) => {
    const figures = figuresOf(variant);
    const text = (site: string) => {
      const figure = figures.get(site) ?? null;
      const before = variant === alone ? null : (own?.get(site) ?? null);
      const gain = figure === null || before === null ? '' : ` (${signed(figure - before)})`;
      return `${figureText(figure, words)}${gain}`;
    };
    const known = [...figures.values()].filter((each) => each !== null);
    const worst = figureText(known.length === 0 ? null : Math.min(...known), words);
    return [...sites.map(text), worst];
  });
  const rows = [...sites, say.terms.worstSite].map((name, row) => [
    name,
    ...columns.map((column) => column[row] as string),
  ]);
  const { title } = METRICS[metric];
  const head = [
    { title: terms.site },
    ...all.map(({ name, kind }) => ({ title: nameOf(name, kind, words), isNumber: true })),
  ];
  return html`<h3>${title}</h3>
${raw(dataTable(`${say.terms.bySite}: ${title}`, head, rows, sites.length))}`;
}
