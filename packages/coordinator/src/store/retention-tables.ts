import type { Sha256 } from '@fedvox/base';
import type { JobFact } from '../core/facts.js';
import { fail } from '../errors.js';
import { insertFacts } from './job-tables.js';
import type { SqlSession } from './sql-database.js';
import type { StoredDelta } from './store.js';

export async function selectDeltas(session: SqlSession, jobId: string): Promise<StoredDelta[]> {
  const rows = await session.all<{ round: number; delta_sha256: Sha256 }>(
    `SELECT round, delta_sha256 FROM updates
     WHERE job_id = ? AND delta_sha256 IS NOT NULL ORDER BY round, site`,
    jobId,
  );
  return rows.map(({ round, delta_sha256 }) => ({ round, sha256: delta_sha256 }));
}

/** The moment of the last thing that happened to the job. */
export async function selectLastFactAtMs(session: SqlSession, jobId: string): Promise<number> {
  const row = await session.get<{ at_ms: number | null }>(
    'SELECT MAX(at_ms) AS at_ms FROM facts WHERE job_id = ?',
    jobId,
  );
  return row?.at_ms ?? 0;
}

export async function insertRemovals(
  session: SqlSession,
  digests: readonly Sha256[],
  atMs: number,
): Promise<void> {
  for (const digest of digests) {
    await session.run(
      `INSERT INTO removed_blobs (sha256, removed_at_ms) VALUES (?, ?)
       ON CONFLICT (sha256) DO UPDATE SET removed_at_ms = excluded.removed_at_ms`,
      digest,
      atMs,
    );
  }
}

export async function selectRemovedAtMs(
  session: SqlSession,
  digest: Sha256,
): Promise<number | undefined> {
  const row = await session.get<{ removed_at_ms: number }>(
    'SELECT removed_at_ms FROM removed_blobs WHERE sha256 = ?',
    digest,
  );
  return row?.removed_at_ms;
}

export async function markDeleted(
  session: SqlSession,
  jobId: string,
  seen: number,
  atMs: number,
  facts: readonly JobFact[],
): Promise<void> {
  const { changes } = await session.run(
    `UPDATE jobs SET deleted_at_ms = ?, revision = revision + 1
     WHERE job_id = ? AND revision = ? AND deleted_at_ms IS NULL`,
    atMs,
    jobId,
    seen,
  );
  if (changes === 0) throw fail('job-changed', { job: jobId });
  await insertFacts(session, jobId, atMs, facts);
}
