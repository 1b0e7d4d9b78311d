import { type EgressSums, type EgressTally, tallyOf } from '@fedvox/agent/records';
import { byteText } from './byte-text.js';
import { table } from './table.js';

type Kind = keyof EgressSums['kinds'];
const KINDS: Readonly<Record<Kind, string>> = {
  'certificate-request': 'requests for a certificate',
  capabilities: 'what this version can do',
  control: '“what next?”, signs of life, transfers',
  gate: 'data gate: pass or one reason of a list; medians of the data where policy shares them',
  statement: 'signed statements: figures and weight',
  delta: 'weight deltas',
};
const LAST_DAYS = 14;

/** What left a site, added up, as the people there read it; and where the account of it is broken. */
export function egressText(sums: EgressSums): string {
  const all = tallyOf(sums.kinds);
  if (all.messages === 0 && sums.gapCount === 0) return 'Nothing has left this site.';
  const kinds = Object.entries(KINDS).flatMap(([kind, title]) => {
    const tally = sums.kinds[kind as Kind];
    return tally === undefined ? [] : [row(title, tally)];
  });
  const jobs = Object.entries(sums.jobs).map(([job, tallies]) => row(job, tallyOf(tallies)));
  const days = Object.entries(sums.days).sort(([a], [b]) => a.localeCompare(b));
  const shown = days.slice(-LAST_DAYS).map(([day, tallies]) => row(day, tallyOf(tallies)));
  const head = (what: string) => [what, 'messages', 'bytes'];
  return [
    `${byteText(all.bytes)} left this site in ${all.messages} messages, ${sums.firstAt} to ${sums.lastAt}.`,
    '',
    table(head('kind'), kinds),
    ...(jobs.length === 0 ? [] : ['', table(head('job'), jobs)]),
    ...(shown.length === 0 ? [] : ['', table(head(daysTitle(days.length)), shown)]),
    ...gapLines(sums),
  ].join('\n');
}

function daysTitle(days: number): string {
  return days > LAST_DAYS ? `day (UTC), the last ${LAST_DAYS} of ${days}` : 'day (UTC)';
}

function row(title: string, { messages, bytes }: EgressTally): string[] {
  return [title, String(messages), String(bytes)];
}

function gapLines({ gaps, gapCount }: EgressSums): string[] {
  if (gapCount === 0) return ['', 'The ledger is whole: every entry is there, in its number.'];
  const told = gaps.map(({ kind, after, next, place }) => {
    const what = kind === 'damaged' ? 'a line that is no entry' : `entry ${next} after ${after}`;
    return `  ${place}: ${what}`;
  });
  const more = gapCount > gaps.length ? [`  and ${gapCount - gaps.length} more`] : [];
  const title = `The ledger is BROKEN in ${gapCount} places: restore it from its backup.`;
  return ['', title, ...told, ...more];
}
