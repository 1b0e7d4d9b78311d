import type { Sha256 } from '@fedvox/base';
import type { SqlSession } from './sql-database.js';
import type { NewOperator, StoredOperator } from './store.js';

export async function insertOperators(
  session: SqlSession,
  operators: readonly NewOperator[],
): Promise<void> {
  for (const { serial, name, keyId, certificatePem, knownSinceMs } of operators) {
    await session.run(
      `INSERT INTO operators (serial, name, key_id, certificate_pem, known_since_ms)
       VALUES (?, ?, ?, ?, ?) ON CONFLICT (serial) DO NOTHING`,
      serial,
      name,
      keyId,
      certificatePem,
      knownSinceMs,
    );
  }
}

interface OperatorRow {
  readonly serial: string;
  readonly name: string;
  readonly key_id: Sha256;
  readonly certificate_pem: string;
  readonly known_since_ms: number;
  readonly revoked_at_ms: number | null;
}

export async function selectOperators(session: SqlSession): Promise<StoredOperator[]> {
  const rows = await session.all<OperatorRow>('SELECT * FROM operators ORDER BY serial');
  return rows.map((row) => ({
    serial: row.serial,
    name: row.name,
    keyId: row.key_id,
    certificatePem: row.certificate_pem,
    knownSinceMs: row.known_since_ms,
    revokedAtMs: row.revoked_at_ms,
  }));
}

export async function revokeOperatorKeys(
  session: SqlSession,
  keyIds: readonly Sha256[],
  atMs: number,
): Promise<void> {
  for (const keyId of keyIds) {
    await session.run(
      'UPDATE operators SET revoked_at_ms = ? WHERE key_id = ? AND revoked_at_ms IS NULL',
      atMs,
      keyId,
    );
  }
}
