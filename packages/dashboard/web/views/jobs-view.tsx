import { ClockTime, DataTable, words } from '@fedvox/desk/web';
import { figureText } from '@fedvox/report/parts';
import type { JobRow, JobSummary } from '../../src/page-contract.js';
import { jobAddress } from '../address.js';
import { say } from '../language.js';
import { useFollowedPath } from '../live/followed.js';
import { Countdown } from '../parts/counting-time.js';
import { FailureNote } from '../parts/failure-note.js';
import { RoundBar } from '../parts/round-bar.js';
import { StatusMark } from '../parts/status-mark.js';
import { self } from '../session.js';

/** What a person must see to comes first, then what is under way. */
const ORDER: readonly JobSummary['status'][] = [
  'failed',
  'paused',
  'running',
  'completed',
  'aborted',
];

export function inOrder(rows: readonly JobRow[]): JobRow[] {
  return [...rows].sort(
    (a, b) =>
      ORDER.indexOf(a.status) - ORDER.indexOf(b.status) || b.submittedAtMs - a.submittedAtMs,
  );
}

/** Every job, and how far it is. */
export function JobsView() {
  const { value, failure } = useFollowedPath<JobRow[]>('/api/jobs');
  const { terms } = words.value;
  const columns = [
    { title: terms.job },
    { title: terms.status },
    { title: terms.rounds },
    { title: say('answered'), isNumber: true },
    { title: terms.bestModel },
    { title: terms.deadline },
    { title: terms.submitted },
  ];
  return (
    <>
      <h1>{say('jobs')}</h1>
      <FailureNote failure={failure} />
      {value && (
        <DataTable
          name={say('jobs')}
          columns={columns}
          rows={inOrder(value).map((row) => ({ key: row.id, cells: cellsOf(row) }))}
          empty={say('noJobs')}
        />
      )}
    </>
  );
}

function cellsOf({ id, name, current, best, submittedAtMs, ...job }: JobRow) {
  const { terms } = words.value;
  return [
    <a key="name" href={jobAddress(id)}>
      {name} <span class="note">{id}</span>
    </a>,
    <StatusMark key="status" {...job} />,
    <RoundBar key="rounds" {...job} />,
    current === null ? terms.none : say('answeredOf', { n: current.answered, of: current.asked }),
    best === null ? terms.none : bestText(best),
    current === null ? (
      terms.none
    ) : (
      <Countdown key="deadline" atMs={job.status === 'running' ? current.deadlineAtMs : null} />
    ),
    <ClockTime key="submitted" atMs={submittedAtMs} />,
  ];
}

function bestText({ round, metric, value }: NonNullable<JobRow['best']>): string {
  const title = self.value?.metrics.find(({ name }) => name === metric)?.title ?? metric;
  return say('bestIn', { figure: `${title} ${figureText(value, words.value)}`, round });
}
