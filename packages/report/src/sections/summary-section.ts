import {
  durationMs,
  type ExplainedFigures,
  type Job,
  METRIC_NAMES,
  METRICS,
  type StrategySpec,
} from '@fedvox/job';
import { type Html, html, raw, termList } from '../html-markup.js';
import type { JobRecord } from '../job-record.js';
import { momentText, percentText, spanText, toldText } from '../phrases.js';
import type { Words } from '../words/words.js';

/** What the job is, where it stands, and which model is the best. */
export function summarySection({ details, job }: JobRecord, words: Words): Html {
  const { terms } = words;
  const { status, reason, best, rounds, maxShare, startedFrom } = details;
  const row = rounds.find(({ round }) => round === best?.round);
  const failure = reason === null ? '' : ` (${words.failure[reason]})`;
  const facts: [string, Html][] = [
    [terms.job, html`${details.name} <code>${details.id}</code>`],
    [terms.status, html`${words.status[status]}${failure}`],
    [terms.submitted, html`${momentText(details.submittedAtMs)} UTC`],
    [terms.rounds, html`${`${details.round} ${terms.of} ${details.totalRounds}`}`],
    [terms.strategy, html`<code>${strategyText(job.federation.strategy)}</code>`],
    [terms.network, html`<code>${job.network.kind}</code>`],
    ...(startedFrom === undefined
      ? []
      : [[terms.startedFrom, html`${words.startedFrom(startedFrom)}`] as [string, Html]]),
    [terms.classes, html`${job.classes.join(words.list)}`],
    [terms.minSites, html`${String(job.federation.minSites)}`],
    [terms.deadline, html`${spanText(durationMs(job.federation.deadline), words)}`],
    [terms.maxShare, html`${maxShare === null ? terms.uncapped : percentText(maxShare, words)}`],
    [terms.firewall, html`<code>${firewallText(job.federation.firewall, words)}</code>`],
    [terms.bestBy, html`${METRICS[details.bestBy].title}`],
    [terms.jobDigest, html`<code>${details.jobSha256}</code>`],
    [terms.bestModel, html`${best === null ? terms.none : `${terms.round} ${best.round}`}`],
    [terms.digest, html`<code>${best?.sha256 ?? terms.none}</code>`],
  ];
  const sentence =
    row === undefined ? words.noBest : words.bestSummary(row.round, figuresText(row, words));
  return html`<p>${sentence}</p>
${raw(termList(facts))}
<p class="note">${words.privacyNote}</p>`;
}

function firewallText(firewall: Job['federation']['firewall'], { terms }: Words): string {
  if (firewall === undefined || firewall === 'off') return terms.off;
  return settingsText(firewall);
}

/** The kind, then what the job says of it: `fedadam, learningRate 0.1, tau 0.001`. */
function strategyText({ kind, ...settings }: StrategySpec): string {
  const said = settingsText(settings);
  return said === '' ? kind : `${kind}, ${said}`;
}

function settingsText(settings: object): string {
  return Object.entries(settings)
    .map(([name, value]) => `${name} ${typeof value === 'object' ? JSON.stringify(value) : value}`)
    .join(', ');
}

/** "Dice 0.812, AUC –". */
function figuresText(figures: ExplainedFigures, words: Words): string {
  return METRIC_NAMES.map(
    (metric) => `${METRICS[metric].title} ${toldText(figures, metric, words)}`,
  ).join(words.list);
}
