import { insertFacts } from './job-tables.js';
import type { SqlSession } from './sql-database.js';
import type { NewRefusal, StoredRefusal } from './store.js';

/** One row for each site and reason of a job, whatever is sent: nobody fills the disk by being refused. */
export async function insertRefusal(
  session: SqlSession,
  { jobId, site, reason, round, times, atMs }: NewRefusal,
): Promise<boolean> {
  const before = await session.get<{ round: number }>(
    'SELECT round FROM refused_updates WHERE job_id = ? AND site = ? AND reason = ?',
    jobId,
    site,
    reason,
  );
  await session.run(
    `INSERT INTO refused_updates (job_id, site, reason, round, times, first_at_ms, last_at_ms)
     VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (job_id, site, reason) DO UPDATE
     SET round = excluded.round, times = refused_updates.times + excluded.times, last_at_ms = excluded.last_at_ms`,
    jobId,
    site,
    reason,
    round,
    times,
    atMs,
    atMs,
  );
  const isFirst = before?.round !== round;
  if (isFirst) {
    await insertFacts(session, jobId, atMs, [{ kind: 'update-refused', round, site, reason }]);
  }
  return isFirst;
}

interface RefusalRow {
  readonly site: string;
  readonly reason: string;
  readonly round: number;
  readonly times: number;
  readonly first_at_ms: number;
  readonly last_at_ms: number;
}

export async function selectRefusals(session: SqlSession, jobId: string): Promise<StoredRefusal[]> {
  const rows = await session.all<RefusalRow>(
    'SELECT * FROM refused_updates WHERE job_id = ? ORDER BY site, reason',
    jobId,
  );
  return rows.map((row) => ({
    site: row.site,
    reason: row.reason,
    round: row.round,
    times: row.times,
    firstAtMs: row.first_at_ms,
    lastAtMs: row.last_at_ms,
  }));
}
