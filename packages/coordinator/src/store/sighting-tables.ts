import type { SqlSession } from './sql-database.js';
import type { UnspentInvitation } from './store.js';

export async function selectUnspentInvitations(session: SqlSession): Promise<UnspentInvitation[]> {
  const rows = await session.all<{ site: string; expires_at_ms: number }>(
    `SELECT site, MAX(expires_at_ms) AS expires_at_ms FROM invitations
     WHERE used_serial IS NULL AND replaced_at_ms IS NULL GROUP BY site ORDER BY site`,
  );
  return rows.map(({ site, expires_at_ms }) => ({ site, expiresAtMs: expires_at_ms }));
}

export async function selectSightings(session: SqlSession): Promise<Map<string, number>> {
  const rows = await session.all<{ site: string; last_seen_at_ms: number }>(
    'SELECT * FROM sightings ORDER BY site',
  );
  return new Map(rows.map(({ site, last_seen_at_ms }) => [site, last_seen_at_ms]));
}

export async function upsertSightings(
  session: SqlSession,
  lastSeenAtMs: ReadonlyMap<string, number>,
): Promise<void> {
  for (const [site, atMs] of lastSeenAtMs) {
    await session.run(
      `INSERT INTO sightings (site, last_seen_at_ms) VALUES (?, ?)
       ON CONFLICT (site) DO UPDATE SET last_seen_at_ms = excluded.last_seen_at_ms`,
      site,
      atMs,
    );
  }
}
