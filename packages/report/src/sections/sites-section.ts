import { meanWeights } from '@fedvox/aggregation';
import type { JobDetails } from '@fedvox/coordinator';
import { METRIC_NAMES, METRICS, STRATEGY_TERMS, type StrategySpec } from '@fedvox/job';
import { dataTable, type Html, html, raw } from '../html-markup.js';
import type { JobRecord } from '../job-record.js';
import { percentText, toldText } from '../phrases.js';
import type { Words } from '../words/words.js';

type Row = JobDetails['rounds'][number];
type Member = JobDetails['gate'][number];

/** Every invited site: the gate, how it stands, its part of the average, the best model's figures there. */
export function sitesSection({ details, job }: JobRecord, words: Words): Html {
  const { terms } = words;
  const { gate, rounds, best, maxShare } = details;
  const weighed = rounds.findLast(({ sites }) => sites.some(({ weight }) => weight !== null));
  const bestRow = rounds.find(({ round }) => round === best?.round);
  const shares = weighed
    ? sharesOf(withoutLeftOut(weighed, details), job.federation.strategy, maxShare)
    : new Map<string, Share>();
  const columns = [
    { title: terms.site },
    { title: terms.gate },
    { title: terms.figures },
    { title: terms.standing },
    { title: terms.weight, isNumber: true },
    { title: terms.share, isNumber: true },
    ...METRIC_NAMES.map((name) => ({
      title: `${METRICS[name].title} (${terms.best})`,
      isNumber: true,
    })),
  ];
  const rows = gate.map((member) => {
    const { site, figures, standing } = member;
    const share = shares.get(site);
    return [
      site,
      outcomeText(member, words),
      figures === null ? terms.none : terms[figures],
      words.standing[standing],
      share === undefined ? terms.none : String(share.weight),
      percentText(share?.part ?? null, words),
      ...bestFigures(bestRow, site, words),
    ];
  });
  const isMean = STRATEGY_TERMS[job.federation.strategy.kind].needs.weights;
  const cap = maxShare === null || !isMean ? null : percentText(maxShare, words);
  const note = weighed ? html`<p class="note">${words.shareNote(weighed.round + 1, cap)}</p>` : '';
  return html`<h2>${terms.sites}</h2>
${raw(dataTable(terms.sites, columns, rows), note)}`;
}

/** What was measured of a model came in with the updates of the next round. */
function withoutLeftOut(row: Row, { verdicts }: JobDetails): Row {
  const round = row.round + 1;
  const isLeftOut = (name: string) =>
    verdicts.some((each) => each.round === round && each.site === name && each.reason !== null);
  return { ...row, sites: row.sites.filter(({ site }) => !isLeftOut(site)) };
}

interface Share {
  readonly weight: number;
  /** Null where the strategy takes no mean. */
  readonly part: number | null;
}

/** Each site’s part of the average, as the strategy and the cap have it. */
function sharesOf(
  { sites }: Row,
  strategy: StrategySpec,
  maxShare: number | null,
): Map<string, Share> {
  const weights = sites.flatMap(({ site, weight }) => (weight === null ? [] : [{ site, weight }]));
  const { needs } = STRATEGY_TERMS[strategy.kind];
  const capped = meanWeights(strategy, weights, maxShare, needs);
  const total = [...capped.values()].reduce((sum, weight) => sum + weight, 0);
  return new Map(
    weights.map(({ site, weight }) => [
      site,
      { weight, part: needs.weights ? (capped.get(site) as number) / total : null },
    ]),
  );
}

function outcomeText({ outcome, lacks }: Member, words: Words): string {
  if (lacks !== undefined) return `${words.terms.lacks} ${lacks.join(words.list)}`;
  return outcome === null ? words.terms.none : words.outcome[outcome];
}

function bestFigures(row: Row | undefined, site: string, words: Words): string[] {
  const cell = row?.sites.find((each) => each.site === site);
  return METRIC_NAMES.map((metric) => toldText(cell, metric, words));
}
