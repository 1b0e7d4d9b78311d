import { fail } from '../errors.js';
import type { SqlDatabase, SqlSession } from './sql-database.js';

interface Migration {
  readonly name: string;
  readonly statements: readonly string[];
}

/**
 * Numbered by their place, from 1; never edited once released, only added to. Written for SQLite, and
 * read by PostgreSQL through its dialect: types INTEGER, REAL and TEXT, and what both know.
 */
const MIGRATIONS: readonly Migration[] = [
  {
    name: 'jobs, rounds, updates and the log of what happened',
    statements: [
      `CREATE TABLE jobs (
        sequence INTEGER PRIMARY KEY AUTOINCREMENT,
        job_id TEXT NOT NULL UNIQUE,
        name TEXT NOT NULL,
        job_sha256 TEXT NOT NULL,
        submitted_at_ms INTEGER NOT NULL,
        state TEXT NOT NULL
      ) STRICT`,
      `CREATE TABLE rounds (
        job_id TEXT NOT NULL REFERENCES jobs (job_id),
        round INTEGER NOT NULL,
        work TEXT NOT NULL,
        base_model_sha256 TEXT NOT NULL,
        opened_at_ms INTEGER NOT NULL,
        model_sha256 TEXT,
        committed_at_ms INTEGER,
        PRIMARY KEY (job_id, round)
      ) STRICT, WITHOUT ROWID`,
      `CREATE TABLE updates (
        statement_sha256 TEXT PRIMARY KEY,
        job_id TEXT NOT NULL REFERENCES jobs (job_id),
        round INTEGER NOT NULL,
        site TEXT NOT NULL,
        delta_sha256 TEXT,
        weight REAL NOT NULL,
        dice REAL,
        auc REAL,
        counter INTEGER NOT NULL,
        key_id TEXT NOT NULL,
        accepted_at_ms INTEGER NOT NULL,
        statement_envelope TEXT NOT NULL,
        receipt_envelope TEXT NOT NULL,
        UNIQUE (job_id, round, site)
      ) STRICT, WITHOUT ROWID`,
      `CREATE TABLE facts (
        sequence INTEGER PRIMARY KEY AUTOINCREMENT,
        job_id TEXT NOT NULL REFERENCES jobs (job_id),
        at_ms INTEGER NOT NULL,
        fact TEXT NOT NULL
      ) STRICT`,
    ],
  },
  {
    name: 'invitations, certificates and their revocation',
    statements: [
      `CREATE TABLE invitations (
        token_hash TEXT PRIMARY KEY,
        site TEXT NOT NULL,
        expires_at_ms INTEGER NOT NULL,
        used_serial TEXT
      ) STRICT, WITHOUT ROWID`,
      `CREATE TABLE certificates (
        serial TEXT PRIMARY KEY,
        site TEXT NOT NULL,
        key_id TEXT NOT NULL,
        certificate_pem TEXT NOT NULL,
        issued_at_ms INTEGER NOT NULL,
        revoked_at_ms INTEGER
      ) STRICT, WITHOUT ROWID`,
      'CREATE INDEX certificates_by_site ON certificates (site)',
    ],
  },
  {
    name: 'known operators; when an invitation was made, what it replaces and what replaced it',
    statements: [
      `CREATE TABLE operators (
        serial TEXT PRIMARY KEY,
        name TEXT NOT NULL,
        key_id TEXT NOT NULL,
        certificate_pem TEXT NOT NULL,
        known_since_ms INTEGER NOT NULL
      ) STRICT, WITHOUT ROWID`,
      'ALTER TABLE invitations ADD COLUMN created_at_ms INTEGER NOT NULL DEFAULT 0',
      'ALTER TABLE invitations ADD COLUMN replaces INTEGER NOT NULL DEFAULT 0',
      'ALTER TABLE invitations ADD COLUMN replaced_at_ms INTEGER',
      'CREATE INDEX certificates_by_key ON certificates (key_id)',
    ],
  },
  {
    name: 'deleted jobs, bytes that were removed on purpose, and when each site was last seen',
    statements: [
      'ALTER TABLE jobs ADD COLUMN deleted_at_ms INTEGER',
      `CREATE TABLE removed_blobs (
        sha256 TEXT PRIMARY KEY,
        removed_at_ms INTEGER NOT NULL
      ) STRICT, WITHOUT ROWID`,
      `CREATE TABLE sightings (
        site TEXT PRIMARY KEY,
        last_seen_at_ms INTEGER NOT NULL
      ) STRICT, WITHOUT ROWID`,
    ],
  },
  {
    name: 'what a strategy keeps from one round to the next',
    statements: ['ALTER TABLE rounds ADD COLUMN server_state_sha256 TEXT'],
  },
  {
    name: 'how many updates each site has spoilt since its last good one',
    statements: [
      `CREATE TABLE strikes (
        site TEXT PRIMARY KEY,
        count INTEGER NOT NULL
      ) STRICT, WITHOUT ROWID`,
    ],
  },
  {
    name: 'which revision of a job its state is',
    statements: ['ALTER TABLE jobs ADD COLUMN revision INTEGER NOT NULL DEFAULT 1'],
  },
  {
    name: 'a job’s plan and its sites in rows of their own',
    statements: [
      `CREATE TABLE job_plans (
        job_id TEXT PRIMARY KEY REFERENCES jobs (job_id),
        plan TEXT NOT NULL
      ) STRICT, WITHOUT ROWID`,
      `CREATE TABLE job_sites (
        job_id TEXT NOT NULL REFERENCES jobs (job_id),
        site TEXT NOT NULL,
        state TEXT NOT NULL,
        PRIMARY KEY (job_id, site)
      ) STRICT, WITHOUT ROWID`,
    ],
  },
  {
    name: 'updates one after the other, not strewn by their digests; the counters of a key at hand',
    statements: [
      `CREATE TABLE arrived_updates (
        sequence INTEGER PRIMARY KEY,
        statement_sha256 TEXT NOT NULL UNIQUE,
        job_id TEXT NOT NULL REFERENCES jobs (job_id),
        round INTEGER NOT NULL,
        site TEXT NOT NULL,
        delta_sha256 TEXT,
        weight REAL NOT NULL,
        dice REAL,
        auc REAL,
        counter INTEGER NOT NULL,
        key_id TEXT NOT NULL,
        accepted_at_ms INTEGER NOT NULL,
        statement_envelope TEXT NOT NULL,
        receipt_envelope TEXT NOT NULL,
        UNIQUE (job_id, round, site)
      ) STRICT`,
      `INSERT INTO arrived_updates (statement_sha256, job_id, round, site, delta_sha256, weight, dice,
         auc, counter, key_id, accepted_at_ms, statement_envelope, receipt_envelope)
       SELECT statement_sha256, job_id, round, site, delta_sha256, weight, dice,
         auc, counter, key_id, accepted_at_ms, statement_envelope, receipt_envelope
       FROM updates ORDER BY accepted_at_ms, job_id, round, site`,
      'DROP TABLE updates',
      'ALTER TABLE arrived_updates RENAME TO updates',
      'CREATE INDEX updates_by_key ON updates (job_id, site, key_id, counter)',
    ],
  },
  {
    name: 'how many steps made an update, where its site says so',
    statements: ['ALTER TABLE updates ADD COLUMN local_steps INTEGER'],
  },
  {
    name: 'when an operator’s key was revoked',
    statements: ['ALTER TABLE operators ADD COLUMN revoked_at_ms INTEGER'],
  },
  {
    name: 'facts by job, and those of them that say who ordered them; refused updates',
    statements: [
      'CREATE INDEX facts_by_job ON facts (job_id, sequence)',
      'ALTER TABLE facts ADD COLUMN ordered_by TEXT',
      `CREATE INDEX orders_by_job ON facts (job_id, sequence) WHERE ordered_by IS NOT NULL`,
      `CREATE TABLE refused_updates (
        job_id TEXT NOT NULL REFERENCES jobs (job_id),
        site TEXT NOT NULL,
        reason TEXT NOT NULL,
        round INTEGER NOT NULL,
        times INTEGER NOT NULL,
        first_at_ms INTEGER NOT NULL,
        last_at_ms INTEGER NOT NULL,
        PRIMARY KEY (job_id, site, reason)
      ) STRICT, WITHOUT ROWID`,
    ],
  },
  {
    name: 'what the firewall found of each update, and what an operator said of it',
    statements: [
      `CREATE TABLE verdicts (
        job_id TEXT NOT NULL REFERENCES jobs (job_id),
        round INTEGER NOT NULL,
        site TEXT NOT NULL,
        norm REAL,
        cosine REAL,
        reason TEXT,
        flags TEXT NOT NULL,
        decided_by TEXT,
        PRIMARY KEY (job_id, round, site)
      ) STRICT, WITHOUT ROWID`,
    ],
  },
  {
    name: 'which versions of the program opened the store, and when',
    statements: [
      `CREATE TABLE programs (
        version TEXT PRIMARY KEY,
        first_opened_at_ms INTEGER NOT NULL,
        last_opened_at_ms INTEGER NOT NULL
      ) STRICT, WITHOUT ROWID`,
    ],
  },
];

/**
 * Brings the database to this version's schema, in one transaction.
 * @param target an older schema, for a test or a copy that needs one
 * @throws FedvoxError `coordinator/state-too-new`
 */
export async function migrate(database: SqlDatabase, target = MIGRATIONS.length): Promise<void> {
  refuseIfTooNew(target);
  await database.transaction((session) => migrateWithin(session, target));
}

/** As `migrate`, in a transaction that does more. */
export async function migrateWithin(
  session: SqlSession,
  target = MIGRATIONS.length,
): Promise<void> {
  const version = await schemaVersion(session);
  refuseIfTooNew(version);
  if (version >= target) return;
  const { definition, updateVersion } = session.dialect;
  for (const { statements } of MIGRATIONS.slice(version, target)) {
    for (const statement of statements) await session.run(definition(statement));
  }
  await session.run(updateVersion(target));
}

/** @throws FedvoxError `coordinator/state-too-new` */
export function refuseIfTooNew(version: number): void {
  const known = MIGRATIONS.length;
  if (version > known) throw fail('state-too-new', { version, known });
}

/** The schema's version that this program writes. */
export const KNOWN_VERSION = MIGRATIONS.length;

/** 0 where nothing was ever stored. */
export async function schemaVersion(session: SqlSession): Promise<number> {
  const row = await session.get<{ version: number }>(session.dialect.selectVersion);
  return row?.version ?? 0;
}
