import { lineChart } from '@fedvox/charts';
import { Chart, ClockTime, DataTable, words } from '@fedvox/desk/web';
import type { ConsoleSelf, JobsPage, SiteJob, SiteRound } from '../../src/console-contract.js';
import { countText, figureOrNone } from '../amounts.js';
import { say } from '../language.js';
import { useWatched } from '../live/watched.js';
import { Facts } from '../parts/facts.js';
import { FailureNote } from '../parts/failure-note.js';
import { StaysHere } from '../parts/stays-here.js';
import { ApprovalsSection } from './approvals-section.js';
import { CasesTable } from './cases-table.js';

const METRICS = [
  { name: 'dice', title: 'Dice' },
  { name: 'auc', title: 'AUC' },
] as const;

/** What became of each job here, round by round: also what was not told, and why. */
export function JobsView({ self }: { self: ConsoleSelf }) {
  const { value, failure } = useWatched<JobsPage>('/api/jobs');
  return (
    <>
      <h1>{say('jobs')}</h1>
      <ApprovalsSection />
      <FailureNote failure={failure} />
      {value?.jobs.length === 0 && <p>{say('noJobs')}</p>}
      {value?.jobs.map((job) => (
        <JobSection key={job.id} job={job} />
      ))}
      {value !== undefined && value.unreadable > 0 && (
        <p class="note">{say('unreadable', { n: countText(value.unreadable) })}</p>
      )}
      <StaysHere about="Jobs" weight={self.policy.weightSource} />
    </>
  );
}

function JobSection({ job }: { job: SiteJob }) {
  const { id, gate, rounds } = job;
  const outcome = gate?.outcome ?? '';
  return (
    <section>
      <h2>{id}</h2>
      {gate && (
        <p>
          {say('gateLine', { outcome, n: countText(gate.validationCases ?? 0) })}{' '}
          <span class="note">
            <ClockTime atMs={gate.atMs} />
          </span>
        </p>
      )}
      <Terms terms={job.terms} />
      {METRICS.map((metric) => (
        <FiguresChart key={metric.name} rounds={rounds} metric={metric} />
      ))}
      {rounds.length > 0 && (
        <DataTable
          name={id}
          columns={columnsOf()}
          rows={[...rounds].reverse().map((round) => ({
            key: `${round.round}/${round.work}`,
            cells: cellsOf(round),
          }))}
        />
      )}
      {job.cases && <CasesTable of={job.cases} />}
    </section>
  );
}

function Terms({ terms }: Pick<SiteJob, 'terms'>) {
  if (terms === null) return null;
  const { network, strategy, classes, rounds, localEpochs } = terms;
  return (
    <Facts
      of={[
        [say('network'), network],
        [say('strategy'), strategy],
        [say('rounds'), say('roundsOf', { n: rounds, epochs: localEpochs })],
        [say('classes'), classes.join(words.value.list)],
      ]}
    />
  );
}

interface ChartProps {
  readonly rounds: readonly SiteRound[];
  readonly metric: (typeof METRICS)[number];
}

function FiguresChart({ rounds, metric: { name, title } }: ChartProps) {
  const measured = rounds.flatMap(({ figures }) => figures ?? []);
  if (!measured.some((figures) => figures.measured[name] !== null)) return null;
  const { terms } = words.value;
  const heading = say('figuresTitle', { metric: title });
  const draw = () =>
    lineChart({
      title: heading,
      description: say('figuresNote'),
      xLabel: say('round'),
      xs: measured.map(({ round }) => round),
      yDomain: [0, 1],
      lines: [
        { name: say('measured'), values: measured.map((figures) => figures.measured[name]) },
        { name: say('told'), values: measured.map((figures) => figures.told[name]) },
      ],
      spreadWords: { median: terms.median, quartiles: terms.quartiles, range: terms.range },
    });
  return (
    <>
      <h3>{heading}</h3>
      <Chart draw={draw} />
      <p class="note">{say('figuresNote')}</p>
    </>
  );
}

const columnsOf = () => [
  { title: say('round'), isNumber: true },
  { title: say('kind') },
  { title: say('end') },
  { title: say('loss'), isNumber: true },
  ...METRICS.map(({ title }) => ({ title: `${title}, ${say('measured')}`, isNumber: true })),
  { title: say('told') },
  { title: say('delivered') },
];

function cellsOf(round: SiteRound) {
  const { work, losses, figures, deliveredAtMs } = round;
  return [
    String(round.round),
    say(`work-${work}`),
    <Outcome key="end" round={round} />,
    figureOrNone(losses.at(-1)?.loss ?? null),
    ...METRICS.map(({ name }) => figureOrNone(figures?.measured[name] ?? null)),
    <Told key="told" figures={figures} />,
    <ClockTime key="delivered" atMs={deliveredAtMs} />,
  ];
}

function Outcome({ round: { ended, declined, attempts } }: { round: SiteRound }) {
  return (
    <>
      <span class={ended?.end === 'failed' ? 'past' : undefined}>
        {ended === null ? say('workCut') : say(`end-${ended.end}`)}
      </span>
      {attempts > 1 && <span class="note line">{say('attempts', { n: attempts })}</span>}
      {declined !== null && <span class="note line">{say('declined', { reason: declined })}</span>}
      {ended?.message && (
        <span class="note line">
          {ended.message} ({ended.code})
        </span>
      )}
    </>
  );
}

function Told({ figures }: Pick<SiteRound, 'figures'>) {
  if (figures === null) return <>{words.value.terms.none}</>;
  const { withheld, validationCases, minCasesForMetrics, told } = figures;
  if (withheld) {
    return <>{say('withheldWhy', { n: validationCases, min: minCasesForMetrics })}</>;
  }
  return (
    <>{METRICS.map(({ name, title }) => `${title} ${figureOrNone(told[name])}`).join(' · ')}</>
  );
}
