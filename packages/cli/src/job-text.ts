import { type JobDetails, whyNoBest } from '@fedvox/coordinator';
import { moment } from './moment.js';
import { roundsTable } from './rounds-table.js';
import { table } from './table.js';

/** A job as its operator reads it: where it stands, its figures, and whom it waits for. */
export function jobText(job: JobDetails): string {
  const { id, status, reason, round, totalRounds, gate, rounds, best, current } = job;
  const passed = gate.flatMap(({ site, outcome }) => (outcome === 'pass' ? [site] : []));
  const parts = [
    `Job ${id}: ${status}${reason === null ? '' : ` (${reason})`}, round ${round} of ${totalRounds}`,
    '',
    table(
      ['site', 'data gate'],
      gate.map(({ site, outcome }) => [site, outcome ?? 'awaited']),
    ),
    '',
    'Validation Dice / AUC of the global model after each round:',
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
  if (current !== null) {
    const rows = current.sites.map(({ site, answer, state, lastSeenAtMs }) => [
      site,
      answer,
      state ?? 'away',
      moment(lastSeenAtMs),
    ]);
    const until = current.deadlineAtMs === null ? '' : `, until ${moment(current.deadlineAtMs)}`;
    parts.push('', `Now: ${current.kind}, ${current.phase}${until}`, '');
    parts.push(table(['site', 'answer', 'state', 'last seen'], rows));
  }
  return parts.join('\n');
}
