import { ClockTime, DataTable, words } from '@fedvox/desk/web';
import { useState } from 'preact/hooks';
import { say } from '../language.js';
import type { FollowedJob } from '../live/job-record.js';
import { factText } from '../parts/fact-text.js';

const AT_FIRST = 30;

/** What happened to a job, the latest first, and who ordered what. */
export function JobFacts({ events }: FollowedJob) {
  const [shown, show] = useState(AT_FIRST);
  const { terms } = words.value;
  const rows = events.slice(-shown).reverse();
  return (
    <section>
      <h2>{terms.facts}</h2>
      <DataTable
        name={terms.facts}
        columns={[{ title: say('at') }, { title: terms.what }]}
        rows={rows.map(({ sequence, atMs, fact }) => ({
          key: String(sequence),
          cells: [<ClockTime key="at" atMs={atMs} />, factText(fact)],
        }))}
      />
      {events.length > shown && (
        <button type="button" onClick={() => show(shown * 4)}>
          {say('older')}
        </button>
      )}
    </section>
  );
}
