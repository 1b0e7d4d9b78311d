import type { Sha256 } from '@fedvox/base';
import type { SqlSession } from './sql-database.js';
import type { StoredOperator } from './store.js';

export async function insertOperators(
  session: SqlSession,
  operators: readonly StoredOperator[],
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
}

export async function selectOperators(session: SqlSession): Promise<StoredOperator[]> {
  const rows = await session.all<OperatorRow>('SELECT * FROM operators ORDER BY serial');
  return rows.map((row) => ({
    serial: row.serial,
    name: row.name,
    keyId: row.key_id,
    certificatePem: row.certificate_pem,
    knownSinceMs: row.known_since_ms,
  }));
}
