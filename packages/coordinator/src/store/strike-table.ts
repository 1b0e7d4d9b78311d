import type { SqlSession } from './sql-database.js';

/** Counts one more; answers how many there are now. */
export async function insertStrike(session: SqlSession, site: string): Promise<number> {
  const row = await session.get<{ count: number }>(
    `INSERT INTO strikes (site, count) VALUES (?, 1)
     ON CONFLICT (site) DO UPDATE SET count = strikes.count + 1 RETURNING count`,
    site,
  );
  return row?.count ?? 0;
}

export async function deleteStrikes(session: SqlSession, site: string): Promise<void> {
  await session.run('DELETE FROM strikes WHERE site = ?', site);
}
