import { DataTable, words } from '@fedvox/desk/web';
import { toldText } from '@fedvox/report/parts';
import { useMemo, useState } from 'preact/hooks';
import { say } from '../language.js';
import type { FollowedJob } from '../live/job-record.js';
import { Digest } from '../parts/digest.js';
import { type MadeOf, modelsMadeOf } from '../parts/made-of.js';
import { self } from '../session.js';

/** More are counted: the updates of a round are named one by one above. */
const MOST_NAMED = 8;

const AT_FIRST = 30;

/** Every model with its figures, whose updates it was made of, and its digest, to be saved. */
export function ModelsSection({ details: { id, rounds, best }, events }: FollowedJob) {
  const { terms } = words.value;
  const metrics = self.value?.metrics ?? [];
  const [shown, show] = useState(AT_FIRST);
  const latest = rounds.slice(-shown);
  const first = latest[0]?.round ?? 0;
  const committed = events.findLast(({ fact }) => fact.kind === 'round-committed');
  const made = useMemo(() => modelsMadeOf(events, first), [committed, first]);
  const bestRow = rounds.find(({ round }) => round === best?.round && round < first);
  const columns = [
    { title: terms.round, isNumber: true },
    ...metrics.map(({ title }) => ({ title, isNumber: true })),
    { title: say('madeOf') },
    { title: terms.digest },
    { title: say('save') },
  ];
  const rows = [...(bestRow ? [bestRow] : []), ...latest].reverse().map((row) => ({
    key: String(row.round),
    isMarked: row.round === best?.round,
    cells: [
      row.round === best?.round ? `${row.round} (${terms.best})` : String(row.round),
      ...metrics.map(({ name }) => toldText(row, name, words.value)),
      <Made key="made" of={made.get(row.round)} />,
      <Digest key="digest" sha256={row.modelSha256} />,
      <a
        key="save"
        href={`/api/jobs/${encodeURIComponent(id)}/model?round=${row.round}`}
        download
        aria-label={say('saveModel', { round: row.round })}
      >
        {say('save')}
      </a>,
    ],
  }));
  return (
    <section>
      <h2>{terms.models}</h2>
      <DataTable name={terms.models} columns={columns} rows={rows} />
      {rounds.length > shown && (
        <button type="button" onClick={() => show(shown * 4)}>
          {say('older')}
        </button>
      )}
      <p class="note">
        {say('modelNote', { command: `fedvox job model ${id} --output best.safetensors` })}
      </p>
    </section>
  );
}

/** Of the first model, and while its round's history has not come in, there is nothing to say. */
function Made({ of }: { of: MadeOf | undefined }) {
  const { list, terms } = words.value;
  if (of === undefined) return <>{terms.none}</>;
  const { sites, leftOut } = of;
  const isFew = sites.length <= MOST_NAMED;
  return (
    <>
      {isFew ? sites.join(list) : say('madeOfMany', { n: sites.length })}
      {leftOut.length > 0 && (
        <span class="past"> {say('madeWithout', { sites: leftOut.join(list) })}</span>
      )}
    </>
  );
}
