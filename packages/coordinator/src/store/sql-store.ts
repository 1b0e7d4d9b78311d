import {
  insertJob,
  recordTransition,
  selectFacts,
  selectFactsBefore,
  selectFigures,
  selectJob,
  selectJobs,
  selectLastCounter,
  selectOrders,
  selectRounds,
  selectUpdate,
  selectUpdates,
} from './job-tables.js';
import { insertOperators, revokeOperatorKeys, selectOperators } from './operator-tables.js';
import { insertRefusal, selectRefusals } from './refused-update-table.js';
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
import type { SqlDatabase } from './sql-database.js';
import type { RoundSpan, Store } from './store.js';
import { insertStrike } from './strike-table.js';
import { selectVerdicts } from './verdict-table.js';

const ALL_ROUNDS: RoundSpan = { first: 0, last: Number.MAX_SAFE_INTEGER };

/**
 * The coordinator's memory in the tables of a SQL database.
 * @param snapshot copies all of it as it stands at one moment
 */
export function storeOver(
  database: SqlDatabase,
  snapshot: Store['snapshot'],
): Omit<Store, 'leading'> {
  const read: SqlDatabase['read'] = (work) => database.read(work);
  const transaction: SqlDatabase['transaction'] = (work) => database.transaction(work);
  return {
    addJob: (job) => transaction((session) => insertJob(session, job)),
    jobs: () => read((session) => selectJobs(session, 'present')),
    deletedJobs: () => read((session) => selectJobs(session, 'deleted')),
    job: (jobId) => read((session) => selectJob(session, jobId)),
    deleteJob: (jobId, seen, atMs, facts) =>
      transaction((session) => markDeleted(session, jobId, seen, atMs, facts)),
    deltas: (jobId) => read((session) => selectDeltas(session, jobId)),
    lastFactAtMs: (jobId) => read((session) => selectLastFactAtMs(session, jobId)),
    recordRemoved: (digests, atMs) =>
      transaction((session) => insertRemovals(session, digests, atMs)),
    removedAtMs: (digest) => read((session) => selectRemovedAtMs(session, digest)),
    record: (transition) => transaction((session) => recordTransition(session, transition)),
    rounds: (jobId, from = 0) => read((session) => selectRounds(session, jobId, from)),
    updates: (jobId, round) => read((session) => selectUpdates(session, jobId, round)),
    verdicts: (jobId, fromRound) => read((session) => selectVerdicts(session, jobId, fromRound)),
    figures: (jobId, rounds = ALL_ROUNDS) =>
      read((session) => selectFigures(session, jobId, rounds)),
    update: (statement) => read((session) => selectUpdate(session, statement)),
    lastCounter: (jobId, site, keyId) =>
      read((session) => selectLastCounter(session, jobId, site, keyId)),
    addStrike: (site) => transaction((session) => insertStrike(session, site)),
    facts: (after, limit, jobId) => read((session) => selectFacts(session, after, limit, jobId)),
    factsBefore: (before, limit, jobId) =>
      read((session) => selectFactsBefore(session, before, limit, jobId)),
    orders: (jobId, limit) => read((session) => selectOrders(session, jobId, limit)),
    addRefusal: (refusal) => transaction((session) => insertRefusal(session, refusal)),
    refusals: (jobId) => read((session) => selectRefusals(session, jobId)),

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
    revokeOperators: (keyIds, atMs) =>
      transaction((session) => revokeOperatorKeys(session, keyIds, atMs)),

    unspentInvitations: () => read(selectUnspentInvitations),
    sightings: () => read(selectSightings),
    recordSightings: (seen) => transaction((session) => upsertSightings(session, seen)),

    snapshot,

    close: () => database.close(),
  };
}
