import type { QuarantineReason, UpdateFlag } from '@fedvox/job';
import type { RoundVerdict } from '../core/verdict.js';
import type { SqlSession } from './sql-database.js';

/** The last word about an update stands. */
export async function upsertVerdict(
  session: SqlSession,
  jobId: string,
  { round, site, norm, cosine, reason, flags, by }: RoundVerdict,
): Promise<void> {
  await session.run(
    `INSERT INTO verdicts (job_id, round, site, norm, cosine, reason, flags, decided_by)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?)
     ON CONFLICT (job_id, round, site) DO UPDATE SET norm = excluded.norm, cosine = excluded.cosine,
       reason = excluded.reason, flags = excluded.flags, decided_by = excluded.decided_by`,
    jobId,
    round,
    site,
    norm,
    cosine,
    reason,
    flags.join(' '),
    by,
  );
}

interface VerdictRow {
  readonly round: number;
  readonly site: string;
  readonly norm: number | null;
  readonly cosine: number | null;
  readonly reason: QuarantineReason | null;
  readonly flags: string;
  readonly decided_by: string | null;
}

export async function selectVerdicts(
  session: SqlSession,
  jobId: string,
  fromRound: number,
): Promise<RoundVerdict[]> {
  const rows = await session.all<VerdictRow>(
    'SELECT * FROM verdicts WHERE job_id = ? AND round >= ? ORDER BY round, site',
    jobId,
    fromRound,
  );
  return rows.map(({ round, site, norm, cosine, reason, flags, decided_by: by }) => ({
    round,
    site,
    norm,
    cosine,
    reason,
    flags: flags.split(' ').filter((flag) => flag !== '') as UpdateFlag[],
    by,
  }));
}
