import {
  headVersions,
  renewJobState,
  type StoredChanges,
  type StoredState,
} from '../core/stored-state.js';
import type { SqlSession } from './sql-database.js';

/** The head stands in the job's own row, which stays short: it is written anew with every event. */
export async function insertStateParts(
  session: SqlSession,
  jobId: string,
  { plan, sites }: Pick<StoredState, 'plan' | 'sites'>,
): Promise<void> {
  await session.run('INSERT INTO job_plans (job_id, plan) VALUES (?, ?)', jobId, plan);
  await upsertSites(session, jobId, sites);
}

/** One statement, however many sites there are. */
export async function upsertSites(
  session: SqlSession,
  jobId: string,
  sites: StoredChanges['sites'],
): Promise<void> {
  if (sites.size === 0) return;
  await session.run(
    `INSERT INTO job_sites (job_id, site, state) SELECT ?, key, value FROM ${session.dialect.jsonEach} WHERE true
     ON CONFLICT (job_id, site) DO UPDATE SET state = excluded.state`,
    jobId,
    JSON.stringify(Object.fromEntries(sites)),
  );
}

/** Columns of a select from `jobs`: a stored state but for its head. */
export const stateParts = ({ dialect }: SqlSession) => `
  (SELECT plan FROM job_plans WHERE job_plans.job_id = jobs.job_id) AS plan,
  (SELECT COALESCE(CAST(${dialect.jsonObject}(site, state) AS TEXT), '{}') FROM job_sites
   WHERE job_sites.job_id = jobs.job_id) AS sites`;

export interface StateRow {
  readonly job_id: string;
  readonly state: string;
  readonly plan: string | null;
  /** A JSON object of JSON texts. */
  readonly sites: string;
}

export function storedState({ state: head, plan, sites }: StateRow): StoredState {
  return { head, plan, sites: new Map(Object.entries<string>(JSON.parse(sites))) };
}

/** How many jobs' states an earlier version wrote. */
export async function staleStates(session: SqlSession): Promise<number> {
  const rows = await session.all<{ state: string }>('SELECT state FROM jobs');
  return rows.filter(({ state }) => {
    const { version, known } = headVersions(state);
    return version !== null && version < known;
  }).length;
}

/** Brings every job's state to the newest version's form, so that all its parts are of one version. */
export async function renewStates(session: SqlSession): Promise<void> {
  const rows = await session.all<StateRow>(
    `SELECT job_id, state, ${stateParts(session)} FROM jobs`,
  );
  for (const row of rows) {
    const renewed = renewJobState(storedState(row));
    if (renewed === null) continue;
    const { head, ...parts } = renewed;
    await session.run('UPDATE jobs SET state = ? WHERE job_id = ?', head, row.job_id);
    await session.run('DELETE FROM job_plans WHERE job_id = ?', row.job_id);
    await insertStateParts(session, row.job_id, parts);
  }
}
