import { DataTable } from '@fedvox/desk/web';
import type { EgressKindWord, EgressPage, EgressSums } from '../../src/console-contract.js';
import { byteSizeText, countText } from '../amounts.js';
import { say } from '../language.js';
import { useWatched } from '../live/watched.js';
import { FailureNote } from '../parts/failure-note.js';
import { StaysHere } from '../parts/stays-here.js';
import { StatementsSection } from './statements-section.js';

type Tallies = EgressSums['kinds'];
const KINDS: readonly EgressKindWord[] = [
  ...['certificate-request', 'capabilities', 'control', 'gate', 'statement', 'delta'],
] as EgressKindWord[];
const DAYS_SHOWN = 90;

/** Every byte that left this hospital, from its own ledger, and whether the account of it is whole. */
export function LeftView() {
  const { value, failure } = useWatched<EgressPage>('/api/left');
  return (
    <>
      <h1>{say('left')}</h1>
      <FailureNote failure={failure} />
      {value && <Sums sums={value.sums} />}
      {value && <StatementsSection {...value} />}
      <StaysHere about="Left" />
    </>
  );
}

function Sums({ sums }: { sums: EgressSums }) {
  const { messages, bytes } = addedUp(sums.kinds);
  const size = { bytes: byteSizeText(bytes), n: countText(messages) };
  const jobs = Object.entries(sums.jobs);
  const days = Object.entries(sums.days).sort(([a], [b]) => b.localeCompare(a));
  return (
    <section>
      <h2>{messages === 0 ? say('nothingLeft') : say('leftTitle', size)}</h2>
      {sums.gapCount > 0 ? <Gaps {...sums} /> : messages > 0 && <p>{say('whole')}</p>}
      {messages > 0 && (
        <>
          <h3>{say('byKind')}</h3>
          <DataTable name={say('byKind')} columns={columnsOf('kind')} rows={kindRows(sums)} />
        </>
      )}
      {jobs.length > 0 && (
        <>
          <h3>{say('byJob')}</h3>
          <DataTable name={say('byJob')} columns={columnsOf('job')} rows={jobs.map(rowOf)} />
        </>
      )}
      {days.length > 0 && (
        <>
          <h3>{say('byDay')}</h3>
          <DataTable
            name={say('byDay')}
            columns={columnsOf('day')}
            rows={days.slice(0, DAYS_SHOWN).map(rowOf)}
          />
        </>
      )}
    </section>
  );
}

function Gaps({ gaps, gapCount }: EgressSums) {
  return (
    <div class="alert" role="alert">
      <p class="said">{say('gapsTitle', { n: gapCount })}</p>
      <p>{say('gapAdvice')}</p>
      <ul>
        {gaps.map(({ kind, after, next, place }) => (
          <li key={place}>
            {place}: {say(`gap-${kind}`)}
            {next !== null && ` (${after} → ${next})`}
          </li>
        ))}
      </ul>
    </div>
  );
}

function kindRows({ kinds }: EgressSums) {
  return KINDS.flatMap((kind) => {
    const tally = kinds[kind];
    if (tally === undefined) return [];
    const what = (
      <>
        {say(`kind-${kind}`)}
        <span class="note line">{say(`kindHelp-${kind}`)}</span>
      </>
    );
    return [{ key: kind, cells: [what, countText(tally.messages), countText(tally.bytes)] }];
  });
}

const columnsOf = (what: 'kind' | 'job' | 'day') => [
  { title: say(what) },
  { title: say('messages'), isNumber: true },
  { title: say('bytes'), isNumber: true },
];

function rowOf([key, tallies]: [string, Tallies]) {
  const { messages, bytes } = addedUp(tallies);
  return { key, cells: [key, countText(messages), countText(bytes)] };
}

function addedUp(tallies: Tallies): { readonly messages: number; readonly bytes: number } {
  const all = Object.values(tallies);
  return {
    messages: all.reduce((sum, each) => sum + each.messages, 0),
    bytes: all.reduce((sum, each) => sum + each.bytes, 0),
  };
}
