import type { JobDetails } from '@fedvox/coordinator';
import { whyNoBest } from '@fedvox/coordinator/client';
import { FIGURES_HEAD } from './figures-text.js';
import { moment } from './moment.js';
import { roundsTable } from './rounds-table.js';
import { answerText, standingsTable, withheldText } from './standing-text.js';
import { table } from './table.js';
import { verdictsText } from './verdicts-text.js';

/** A job as its operator reads it: where it stands, its figures, and whom it waits for. */
export function jobText(job: JobDetails): string {
  const { id, status, reason, round, totalRounds, gate, rounds, best, current } = job;
  const origin = originText(job);
  const { orders, refused } = job;
  const passed = gate.flatMap(({ site, outcome }) => (outcome === 'pass' ? [site] : []));
  const withheld = withheldText(gate);
  const parts = [
    `Job ${id}: ${status}${reason === null ? '' : ` (${reason})`}, round ${round} of ${totalRounds}`,
    ...(origin === undefined ? [] : [origin]),
    '',
    standingsTable(gate),
    ...(withheld === undefined ? [] : ['', withheld]),
    '',
    `Validation ${FIGURES_HEAD} of the global model after each round:`,
    '',
    roundsTable(rounds, best?.round, passed),
  ];
  if (best === null && status === 'completed') {
    parts.push('', `No best model: ${whyNoBest(job)}.`, `  fedvox job model ${id} --round N`);
  }
  if (best !== null) {
    parts.push('', `* Best model: round ${best.round}`, `  sha256 ${best.sha256}`);
    parts.push(`  fedvox job model ${id} --output ${id}.safetensors`);
  }
  const verdicts = verdictsText(job.verdicts);
  if (verdicts !== undefined) parts.push('', 'Updates to look at:', '', verdicts);
  if (refused.length > 0) {
    const rows = refused.map((each) => [
      each.site,
      each.reason,
      `${each.times}`,
      `${each.round}`,
      moment(each.lastAtMs),
    ]);
    parts.push('', 'Updates that were refused:', '');
    parts.push(table(['site', 'reason', 'times', 'last in round', 'last'], rows));
  }
  if (orders.length > 0) {
    const rows = orders.map(({ atMs, by, order, site = '' }) => [
      moment(atMs),
      by,
      `${order.replaceAll('-', ' ')}${site && `: ${site}`}`,
    ]);
    parts.push('', 'Who ordered what:', '', table(['when', 'by', 'what'], rows));
  }
  if (current !== null) {
    const rows = current.sites.map((site) => [
      site.site,
      answerText(site),
      site.state ?? 'away',
      moment(site.lastSeenAtMs),
    ]);
    const endsAtMs = current.graceEndsAtMs ?? current.deadlineAtMs;
    const until = endsAtMs === null ? '' : `, until ${moment(endsAtMs)}`;
    parts.push('', `Now: ${current.kind}, ${current.phase}${until}`, '');
    parts.push(table(['site', 'answer', 'state', 'last seen'], rows));
  }
  return parts.join('\n');
}

/** Where it began, if not with an untrained model. */
function originText({ startedFrom }: JobDetails): string | undefined {
  if (startedFrom === undefined) return undefined;
  if (startedFrom.kind === 'file') return 'Began with weights that its operator gave it.';
  return `Began with the model of round ${startedFrom.round} of job ${startedFrom.job}.`;
}
