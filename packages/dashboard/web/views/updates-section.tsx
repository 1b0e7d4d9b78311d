import { ClockTime, DataTable, words } from '@fedvox/desk/web';
import { useMemo, useState } from 'preact/hooks';
import type { JobDetails, UpdateRow } from '../../src/page-contract.js';
import { refusalWords, say } from '../language.js';
import { useFollowedPath } from '../live/followed.js';
import { Digest } from '../parts/digest.js';
import { FailureNote } from '../parts/failure-note.js';
import { self } from '../session.js';

/** What came in, what was turned away, what the firewall found. */
export function UpdatesSection(details: JobDetails) {
  return (
    <section>
      <h2>{say('updates')}</h2>
      <Refused {...details} />
      <Verdicts {...details} />
      <Accepted {...details} />
    </section>
  );
}

function Refused({ refused }: JobDetails) {
  const { terms } = words.value;
  if (refused.length === 0) return <p class="note">{say('noneRefused')}</p>;
  const columns = [
    { title: terms.site },
    { title: say('why') },
    { title: say('advice') },
    { title: terms.round, isNumber: true },
    { title: say('times'), isNumber: true },
    { title: say('lastAt') },
  ];
  const rows = refused.map(({ site, reason, round, times, lastAtMs }) => {
    const told = refusalWords(reason, self.value);
    return {
      key: `${site} ${reason}`,
      cells: [
        site,
        <span key="why" lang={told?.lang}>
          {told?.message ?? reason} <span class="note">{reason}</span>
        </span>,
        <span key="advice" lang={told?.lang}>
          {told?.advice ?? terms.none}
        </span>,
        String(round),
        String(times),
        <ClockTime key="at" atMs={lastAtMs} />,
      ],
    };
  });
  return (
    <>
      <h3>{say('refused')}</h3>
      <DataTable name={say('refused')} columns={columns} rows={rows} />
    </>
  );
}

function Verdicts({ verdicts }: JobDetails) {
  const { terms, verdictsNote } = words.value;
  if (verdicts.length === 0) return null;
  const columns = [
    { title: terms.round, isNumber: true },
    { title: terms.site },
    { title: terms.verdict },
    { title: terms.norm, isNumber: true },
    { title: terms.cosine, isNumber: true },
    { title: terms.decidedBy },
  ];
  const rows = verdicts.map((verdict) => ({
    key: `${verdict.round} ${verdict.site}`,
    cells: [
      String(verdict.round),
      verdict.site,
      verdictText(verdict),
      verdict.norm?.toPrecision(3) ?? terms.none,
      verdict.cosine?.toFixed(3) ?? terms.none,
      verdict.by ?? terms.firewall,
    ],
  }));
  return (
    <>
      <h3>{terms.firewall}</h3>
      <DataTable name={terms.firewall} columns={columns} rows={rows} />
      <p class="note">{verdictsNote}</p>
    </>
  );
}

function verdictText({
  reason,
  flags,
  by,
}: Pick<JobDetails['verdicts'][number], 'reason' | 'flags' | 'by'>): string {
  const { quarantine, terms, flags: flagWords } = words.value;
  return [
    ...(reason === null ? [] : [quarantine[reason]]),
    ...(reason === null && by !== null ? [terms.released] : []),
    ...flags.map((flag) => flagWords[flag]),
  ].join('; ');
}

/** By round, since each is a question to the coordinator. */
function Accepted({ id, rounds, current }: JobDetails) {
  const last = Math.max(rounds.length - 1, current?.round ?? 0);
  const [chosen, choose] = useState<number | null>(null);
  const groups = Math.ceil(last / ROUNDS_A_GROUP);
  // The same element is not looked at again.
  const earlier = useMemo(
    () => <RoundOptions first={1} last={(groups - 1) * ROUNDS_A_GROUP} />,
    [groups],
  );
  if (last < 1) return null;
  const round = chosen ?? last;
  return (
    <>
      <h3>{say('accepted')}</h3>
      <label>
        {words.value.terms.round}{' '}
        <select value={round} onChange={(event) => choose(Number(event.currentTarget.value))}>
          <RoundOptions first={(groups - 1) * ROUNDS_A_GROUP + 1} last={last} />
          {earlier}
        </select>
      </label>
      <AcceptedOf id={id} round={round} />
    </>
  );
}

/** A thousand choices are not looked at again because there is one more. */
const ROUNDS_A_GROUP = 50;

/** The latest first. */
function RoundOptions({ first, last }: { first: number; last: number }) {
  return (
    <>
      {Array.from({ length: last - first + 1 }, (_, index) => last - index).map((each) => (
        <option key={each} value={each}>
          {each}
        </option>
      ))}
    </>
  );
}

function AcceptedOf({ id, round }: { id: string; round: number }) {
  const path = `/api/jobs/${encodeURIComponent(id)}/updates?round=${round}`;
  const { value, failure } = useFollowedPath<UpdateRow[]>(path);
  const { terms } = words.value;
  const columns = [
    { title: terms.site },
    { title: say('acceptedAt') },
    { title: say('checks') },
    { title: say('statement') },
    { title: say('delta') },
  ];
  return (
    <>
      <FailureNote failure={failure} />
      {value && (
        <DataTable
          name={say('accepted')}
          columns={columns}
          empty={say('noneAccepted')}
          rows={value.map((update) => ({
            key: update.site,
            cells: [
              update.site,
              <ClockTime key="at" atMs={update.acceptedAtMs} />,
              (update.verdict && verdictText(update.verdict)) || say('checksPassed'),
              <Digest key="statement" sha256={update.statementSha256} />,
              update.deltaRemovedAtMs === null ? (
                <Digest key="delta" sha256={update.deltaSha256} />
              ) : (
                say('removed')
              ),
            ],
          }))}
        />
      )}
    </>
  );
}
