import { access, open, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { errorText } from '@fedvox/base';
import { randomId } from '@fedvox/base/system';
import { fail } from '../errors.js';
import { renewStates } from './job-state-tables.js';
import {
  insertJob,
  recordTransition,
  selectFacts,
  selectFigures,
  selectJob,
  selectJobs,
  selectLastCounter,
  selectRounds,
  selectUpdate,
  selectUpdates,
} from './job-tables.js';
import { migrate } from './migrations.js';
import { insertOperators, selectOperators } from './operator-tables.js';
import {
  insertRemovals,
  markDeleted,
  selectDeltas,
  selectLastFactAtMs,
  selectRemovedAtMs,
} from './retention-tables.js';
import { selectSightings, selectUnspentInvitations, upsertSightings } from './sighting-tables.js';
import {
  insertInvitation,
  insertRenewal,
  revokeSite,
  selectCertificates,
  selectHolders,
  selectInvitation,
  selectOpenInvitations,
  spendInvitation,
  takeUpRevocation,
} from './site-tables.js';
import { SqliteDatabase, type SqlSession } from './sqlite-database.js';
import type { Store, StoreSnapshot } from './store.js';
import { insertStrike } from './strike-table.js';

/** How long a starting coordinator waits for one that is just ending. */
const LOCK_WAIT_MS = 3_000;

/**
 * Write-ahead logging with `synchronous=FULL`: a commit is on the disk when it returns. The lock is
 * exclusive, so that two coordinators can never run on one state folder.
 */
const PRAGMAS = [
  `PRAGMA busy_timeout = ${LOCK_WAIT_MS}`,
  'PRAGMA locking_mode = EXCLUSIVE',
  'PRAGMA journal_mode = WAL',
  'PRAGMA synchronous = FULL',
  'PRAGMA foreign_keys = ON',
];

/**
 * Opens the coordinator's memory and brings it to this version's schema.
 * @param path a file, or `:memory:`
 * @param scratch where a snapshot lies while it is made
 * @throws FedvoxError `coordinator/state-in-use`, `coordinator/state-too-new`,
 *   `coordinator/state-unreadable`
 */
export async function openSqliteStore(path: string, scratch = tmpdir()): Promise<Store> {
  const database = await SqliteDatabase.open(path).catch((cause: unknown) => {
    throw fail('state-unreadable', { path, reason: errorText(cause) }, { cause });
  });
  try {
    for (const pragma of PRAGMAS) await database.read((session) => session.all(pragma));
    await migrate(database);
    await database.transaction(renewStates);
    // Takes the exclusive lock even where no migration had anything to write.
    await database.transaction((session) => session.run('DELETE FROM facts WHERE sequence < 0'));
  } catch (error) {
    await database.close();
    throw openingError(path, error);
  }
  return storeOver(database, scratch);
}

function storeOver(database: SqliteDatabase, scratch: string): Store {
  const { read, transaction } = bound(database);
  return {
    addJob: (job) =>
      transaction(async (session) => {
        const { jobId } = job.state.plan;
        const known = await session.get('SELECT 1 FROM jobs WHERE job_id = ?', jobId);
        if (known !== undefined) throw fail('job-exists', { job: jobId });
        await insertJob(session, job);
      }),
    jobs: () => read((session) => selectJobs(session, 'present')),
    deletedJobs: () => read((session) => selectJobs(session, 'deleted')),
    job: (jobId) => read((session) => selectJob(session, jobId)),
    deleteJob: (jobId, seen, atMs) =>
      transaction((session) => markDeleted(session, jobId, seen, atMs)),
    deltas: (jobId) => read((session) => selectDeltas(session, jobId)),
    lastFactAtMs: (jobId) => read((session) => selectLastFactAtMs(session, jobId)),
    recordRemoved: (digests, atMs) =>
      transaction((session) => insertRemovals(session, digests, atMs)),
    removedAtMs: (digest) => read((session) => selectRemovedAtMs(session, digest)),
    record: (transition) => transaction((session) => recordTransition(session, transition)),
    rounds: (jobId) => read((session) => selectRounds(session, jobId)),
    updates: (jobId, round) => read((session) => selectUpdates(session, jobId, round)),
    figures: (jobId) => read((session) => selectFigures(session, jobId)),
    update: (statement) => read((session) => selectUpdate(session, statement)),
    lastCounter: (jobId, site, keyId) =>
      read((session) => selectLastCounter(session, jobId, site, keyId)),
    addStrike: (site) => transaction((session) => insertStrike(session, site)),
    facts: (after, limit) => read((session) => selectFacts(session, after, limit)),

    addInvitation: (invitation) => transaction((session) => insertInvitation(session, invitation)),
    invitation: (tokenHash) => read((session) => selectInvitation(session, tokenHash)),
    openInvitations: (nowMs) => read((session) => selectOpenInvitations(session, nowMs)),
    spendInvitation: (tokenHash, certificate, replacedSerials) =>
      transaction((session) => spendInvitation(session, tokenHash, certificate, replacedSerials)),
    addRenewal: (shownSerial, certificate) =>
      transaction((session) => insertRenewal(session, shownSerial, certificate)),
    certificates: () => read(selectCertificates),
    holdersOf: (keyId) => read((session) => selectHolders(session, keyId)),
    revokeSite: (site, atMs) => transaction((session) => revokeSite(session, site, atMs)),
    takeUpRevocation: (revocation) =>
      transaction((session) => takeUpRevocation(session, revocation)),
    keepOperators: (operators) => transaction((session) => insertOperators(session, operators)),
    operators: () => read(selectOperators),

    unspentInvitations: () => read(selectUnspentInvitations),
    sightings: () => read(selectSightings),
    recordSightings: (seen) => transaction((session) => upsertSightings(session, seen)),

    snapshot: () => read((session) => snapshotOf(session, scratch)),

    close: () => database.close(),
  };
}

/**
 * Copies a state file that no coordinator has open.
 * @throws FedvoxError `coordinator/state-in-use` where one has
 */
export async function snapshotFile(path: string, copy: string): Promise<void> {
  await access(path);
  const database = await SqliteDatabase.open(path);
  try {
    await database.read((session) => vacuumInto(session, copy));
  } catch (error) {
    throw openingError(path, error);
  } finally {
    await database.close();
  }
}

/** Whoever reads it has the file open; its name is not needed any more. */
async function snapshotOf(session: SqlSession, scratch: string): Promise<StoreSnapshot> {
  const path = join(scratch, `${randomId()}.sqlite`);
  try {
    await vacuumInto(session, path);
    const { size: byteLength } = await stat(path);
    const file = await open(path, 'r');
    return { byteLength, bytes: file.createReadStream() };
  } finally {
    await rm(path, { force: true });
  }
}

/** One transaction: the copy is of one moment, and has no write-ahead log of its own. */
async function vacuumInto(session: SqlSession, path: string): Promise<void> {
  await session.run('VACUUM INTO ?', path);
}

function bound(database: SqliteDatabase): Pick<SqliteDatabase, 'read' | 'transaction'> {
  return {
    read: (work) => database.read(work),
    transaction: (work) => database.transaction(work),
  };
}

function openingError(path: string, error: unknown): unknown {
  const code = (error as { code?: unknown }).code;
  if (code === 'SQLITE_BUSY') return fail('state-in-use', { path }, { cause: error });
  if (code === 'SQLITE_NOTADB' || code === 'SQLITE_CORRUPT') {
    return fail('state-unreadable', { path, reason: errorText(error) }, { cause: error });
  }
  return error;
}
