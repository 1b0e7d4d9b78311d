import { ClockTime, DataTable, words } from '@fedvox/desk/web';
import { useState } from 'preact/hooks';
import type { CoordinatorEvent } from '../../src/page-contract.js';
import { jobAddress } from '../address.js';
import { say } from '../language.js';
import { get } from '../live/calls.js';
import { useFollowed } from '../live/followed.js';
import { factText } from '../parts/fact-text.js';
import { FailureNote } from '../parts/failure-note.js';

const PAGE = 100;

/** What happened in the whole federation, the latest first. */
export function FactsView() {
  const [pages, setPages] = useState(1);
  const [ordersOnly, setOrdersOnly] = useState(false);
  const { value, failure } = useFollowed<CoordinatorEvent[]>(`facts ${pages}`, (_, signal) =>
    latestFacts(pages, signal),
  );
  const { terms } = words.value;
  const rows = (value ?? []).filter(({ fact }) => !ordersOnly || 'by' in fact);
  return (
    <>
      <h1>{say('facts')}</h1>
      <FailureNote failure={failure} />
      <label class="choice">
        <input
          type="checkbox"
          checked={ordersOnly}
          onChange={(event) => setOrdersOnly(event.currentTarget.checked)}
        />
        {say('ordersOnly')}
      </label>
      {value && (
        <DataTable
          name={say('facts')}
          columns={[
            { title: say('at') },
            { title: terms.job },
            { title: terms.what },
            { title: say('by') },
          ]}
          empty={say('noFacts')}
          rows={rows.map(({ sequence, atMs, jobId, fact }) => ({
            key: String(sequence),
            cells: [
              <ClockTime key="at" atMs={atMs} />,
              <a key="job" href={jobAddress(jobId)}>
                {jobId}
              </a>,
              factText(fact),
              ('by' in fact && fact.by) || terms.none,
            ],
          }))}
        />
      )}
      {value && value.length >= pages * PAGE && (
        <button type="button" onClick={() => setPages(pages + 1)}>
          {say('older')}
        </button>
      )}
    </>
  );
}

async function latestFacts(pages: number, signal: AbortSignal): Promise<CoordinatorEvent[]> {
  const latest: CoordinatorEvent[] = [];
  for (let page = 0; page < pages; page++) {
    const before = latest.at(-1);
    const from = before === undefined ? '' : `&before=${before.sequence}`;
    const some = await get<CoordinatorEvent[]>(`/api/facts?limit=${PAGE}${from}`, signal);
    latest.push(...some.reverse());
    if (some.length === 0) break;
  }
  return latest;
}
