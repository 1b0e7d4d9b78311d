import { DataTable, toldOf, words } from '@fedvox/desk/web';
import { useState } from 'preact/hooks';
import type { JobDetails, PageFailure, SiteStatus } from '../../src/page-contract.js';
import { say } from '../language.js';
import { post } from '../live/calls.js';
import { changes } from '../live/event-poll.js';
import { useFollowedPath } from '../live/followed.js';
import { FailureNote } from '../parts/failure-note.js';
import { mayOrder } from '../session.js';

type Member = JobDetails['gate'][number];

/** Every site of a job: whether its data passed, how it takes part, whether it tells figures. */
export function MembersSection(details: Pick<JobDetails, 'id' | 'gate' | 'status'>) {
  const { gate, status } = details;
  const { terms, standing } = words.value;
  const columns = [
    { title: terms.site },
    { title: terms.gate },
    { title: terms.standing },
    { title: terms.figures },
  ];
  const rows = gate.map((member) => ({
    key: member.site,
    cells: [
      member.site,
      outcomeText(member),
      standing[member.standing],
      member.figures === null ? terms.none : terms[member.figures],
    ],
  }));
  const isOver = status === 'completed' || status === 'aborted';
  return (
    <section>
      <h2>{terms.sites}</h2>
      <DataTable name={terms.sites} columns={columns} rows={rows} empty={say('noSites')} />
      {mayOrder() && !isOver && <Invite {...details} />}
    </section>
  );
}

function outcomeText({ outcome, lacks }: Member): string {
  const { terms, list, outcome: outcomes } = words.value;
  if (lacks !== undefined) return `${terms.lacks} ${lacks.join(list)}`;
  return outcome === null ? terms.none : outcomes[outcome];
}

/** An enrolled site that is not among them joins the next round; one that failed the gate is asked again. */
function Invite({ id, gate }: Pick<JobDetails, 'id' | 'gate'>) {
  const { value } = useFollowedPath<SiteStatus[]>('/api/sites');
  const [chosen, choose] = useState('');
  const [failure, setFailure] = useState<PageFailure | null>(null);
  const joined = new Set(
    gate.flatMap(({ site, outcome }) => (outcome === null || outcome === 'pass' ? [site] : [])),
  );
  const free = (value ?? []).filter(
    ({ site, standing }) => standing === 'enrolled' && !joined.has(site),
  );
  if (free.length === 0) return null;
  const invite = async (event: Event) => {
    event.preventDefault();
    setFailure(null);
    try {
      await post(`/api/jobs/${encodeURIComponent(id)}/sites`, { site: chosen });
      choose('');
      changes.value += 1;
    } catch (error) {
      setFailure(toldOf(error));
    }
  };
  return (
    <form onSubmit={invite}>
      <label>
        {say('inviteToJob')}{' '}
        <select required value={chosen} onChange={(event) => choose(event.currentTarget.value)}>
          <option value="">{words.value.terms.none}</option>
          {free.map(({ site }) => (
            <option key={site} value={site}>
              {site}
            </option>
          ))}
        </select>{' '}
        <button type="submit" disabled={chosen === ''}>
          {say('invite')}
        </button>
      </label>
      <FailureNote failure={failure} />
    </form>
  );
}
