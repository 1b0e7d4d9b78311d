import type { Sha256 } from '@fedvox/base';
import { type Figures, figuresOf, type MetricName } from '@fedvox/job';
import type { JobFact } from '../core/facts.js';
import type { ReportedFigures } from '../core/results.js';
import type { RoundWork } from '../core/round-machine.js';
import { readJobState, writeChanges, writeJobState } from '../core/stored-state.js';
import { changedVerdicts } from '../core/verdict.js';
import { fail } from '../errors.js';
import {
  insertStateParts,
  type StateRow,
  stateParts,
  storedState,
  upsertSites,
} from './job-state-tables.js';
import type { SqlSession } from './sql-database.js';
import {
  FIRST_REVISION,
  type NewJob,
  type RecordedTransition,
  type RoundSpan,
  type StoredFact,
  type StoredJob,
  type StoredRound,
  type StoredUpdate,
} from './store.js';
import { deleteStrikes } from './strike-table.js';
import { upsertVerdict } from './verdict-table.js';

export async function insertJob(session: SqlSession, job: NewJob): Promise<void> {
  const { jobId } = job.state.plan;
  const { head, ...parts } = writeJobState(job.state);
  const { changes } = await session.run(
    `INSERT INTO jobs (job_id, name, job_sha256, submitted_at_ms, state, revision)
     VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (job_id) DO NOTHING`,
    jobId,
    job.name,
    job.jobSha256,
    job.submittedAtMs,
    head,
    FIRST_REVISION,
  );
  if (changes === 0) throw fail('job-exists', { job: jobId });
  await insertStateParts(session, jobId, parts);
  await insertFacts(session, jobId, job.submittedAtMs, job.facts);
}

interface JobRow extends StateRow {
  readonly sequence: number;
  readonly name: string;
  readonly job_sha256: Sha256;
  readonly submitted_at_ms: number;
  readonly revision: number;
}

export async function selectJobs(
  session: SqlSession,
  which: 'present' | 'deleted',
): Promise<StoredJob[]> {
  const rows = await session.all<JobRow>(
    `SELECT jobs.*, ${stateParts(session)} FROM jobs
     WHERE deleted_at_ms IS ${which === 'deleted' ? 'NOT NULL' : 'NULL'} ORDER BY sequence`,
  );
  return rows.map(jobOf);
}

export async function selectJob(
  session: SqlSession,
  jobId: string,
): Promise<StoredJob | undefined> {
  const row = await session.get<JobRow>(
    `SELECT jobs.*, ${stateParts(session)} FROM jobs WHERE job_id = ? AND deleted_at_ms IS NULL`,
    jobId,
  );
  return row === undefined ? undefined : jobOf(row);
}

function jobOf(row: JobRow): StoredJob {
  return {
    sequence: row.sequence,
    name: row.name,
    jobSha256: row.job_sha256,
    submittedAtMs: row.submitted_at_ms,
    state: readJobState(storedState(row), row.job_id),
    revision: row.revision,
  };
}

export async function recordTransition(
  session: SqlSession,
  { state, seen, facts, atMs, update }: RecordedTransition,
): Promise<void> {
  const { jobId } = state.plan;
  const { head, sites } = writeChanges(seen.state, state);
  const { changes } = await session.run(
    `UPDATE jobs SET state = ?, revision = revision + 1
     WHERE job_id = ? AND revision = ? AND deleted_at_ms IS NULL`,
    head,
    jobId,
    seen.revision,
  );
  if (changes === 0) throw fail('job-changed', { job: jobId });
  await upsertSites(session, jobId, sites);
  if (update !== undefined) {
    await insertUpdate(session, update);
    await deleteStrikes(session, update.site);
  }
  for (const verdict of changedVerdicts(seen.state, state)) {
    await upsertVerdict(session, jobId, verdict);
  }
  for (const fact of facts) await recordRound(session, jobId, atMs, fact);
  await insertFacts(session, jobId, atMs, facts);
}

async function recordRound(
  session: SqlSession,
  jobId: string,
  atMs: number,
  fact: JobFact,
): Promise<void> {
  if (fact.kind === 'round-opened') {
    await session.run(
      `INSERT INTO rounds (job_id, round, work, base_model_sha256, opened_at_ms)
       VALUES (?, ?, ?, ?, ?) ON CONFLICT (job_id, round) DO NOTHING`,
      jobId,
      fact.round,
      fact.work,
      fact.baseModel,
      atMs,
    );
  } else if (fact.kind === 'round-committed') {
    await session.run(
      `UPDATE rounds SET model_sha256 = ?, server_state_sha256 = ?, committed_at_ms = ?
       WHERE job_id = ? AND round = ?`,
      fact.model,
      fact.serverState ?? null,
      atMs,
      jobId,
      fact.round,
    );
  }
}

export async function insertFacts(
  session: SqlSession,
  jobId: string,
  atMs: number,
  facts: readonly JobFact[],
): Promise<void> {
  for (const fact of facts) {
    await session.run(
      'INSERT INTO facts (job_id, at_ms, fact, ordered_by) VALUES (?, ?, ?, ?)',
      jobId,
      atMs,
      JSON.stringify(fact),
      'by' in fact ? fact.by : null,
    );
  }
}

interface FactRow {
  readonly sequence: number;
  readonly job_id: string;
  readonly at_ms: number;
  readonly fact: string;
}

export async function selectFacts(
  session: SqlSession,
  after: number,
  limit: number,
  jobId: string | undefined,
): Promise<StoredFact[]> {
  const ofJob = jobId === undefined ? [] : [jobId];
  const rows = await session.all<FactRow>(
    `SELECT * FROM facts WHERE ${jobId === undefined ? '' : 'job_id = ? AND '}sequence > ?
     ORDER BY sequence LIMIT ?`,
    ...ofJob,
    after,
    limit,
  );
  return rows.map(factOf);
}

export async function selectFactsBefore(
  session: SqlSession,
  before: number,
  limit: number,
  jobId: string | undefined,
): Promise<StoredFact[]> {
  const ofJob = jobId === undefined ? [] : [jobId];
  const rows = await session.all<FactRow>(
    `SELECT * FROM facts WHERE ${jobId === undefined ? '' : 'job_id = ? AND '}sequence < ?
     ORDER BY sequence DESC LIMIT ?`,
    ...ofJob,
    before,
    limit,
  );
  return rows.map(factOf).reverse();
}

export async function selectOrders(
  session: SqlSession,
  jobId: string,
  limit: number,
): Promise<StoredFact[]> {
  const rows = await session.all<FactRow>(
    `SELECT * FROM facts WHERE job_id = ? AND ordered_by IS NOT NULL
     ORDER BY sequence DESC LIMIT ?`,
    jobId,
    limit,
  );
  return rows.map(factOf).reverse();
}

function factOf(row: FactRow): StoredFact {
  return {
    sequence: row.sequence,
    jobId: row.job_id,
    atMs: row.at_ms,
    fact: JSON.parse(row.fact) as JobFact,
  };
}

interface RoundRow {
  readonly round: number;
  readonly work: RoundWork;
  readonly base_model_sha256: Sha256;
  readonly opened_at_ms: number;
  readonly model_sha256: Sha256 | null;
  readonly server_state_sha256: Sha256 | null;
  readonly committed_at_ms: number | null;
}

export async function selectRounds(
  session: SqlSession,
  jobId: string,
  from: number,
): Promise<StoredRound[]> {
  const rows = await session.all<RoundRow>(
    'SELECT * FROM rounds WHERE job_id = ? AND round >= ? ORDER BY round',
    jobId,
    from,
  );
  return rows.map((row) => ({
    round: row.round,
    work: row.work,
    baseModel: row.base_model_sha256,
    openedAtMs: row.opened_at_ms,
    model: row.model_sha256,
    serverState: row.server_state_sha256,
    committedAtMs: row.committed_at_ms,
  }));
}

/** Columns of `updates` that hold figures: each came with a migration. */
const FIGURE_COLUMNS: readonly MetricName[] = Object.values({
  dice: 'dice',
  auc: 'auc',
} as const satisfies { readonly [Name in MetricName]: Name });

async function insertUpdate(session: SqlSession, update: StoredUpdate): Promise<void> {
  const { changes } = await session.run(
    `INSERT INTO updates (statement_sha256, job_id, round, site, delta_sha256, weight, local_steps,
       counter, key_id, accepted_at_ms, statement_envelope, receipt_envelope, ${FIGURE_COLUMNS})
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ${FIGURE_COLUMNS.map(() => '?')})
     ON CONFLICT DO NOTHING`,
    update.statementSha256,
    update.jobId,
    update.round,
    update.site,
    update.deltaSha256,
    update.weight,
    update.localSteps,
    update.counter,
    update.keyId,
    update.acceptedAtMs,
    update.statementEnvelope,
    update.receiptEnvelope,
    ...FIGURE_COLUMNS.map((metric) => update.figures[metric]),
  );
  const { jobId: job, round, site } = update;
  if (changes === 0) throw fail('update-exists', { job, round, site });
}

interface UpdateRow extends Figures {
  readonly statement_sha256: Sha256;
  readonly job_id: string;
  readonly round: number;
  readonly site: string;
  readonly delta_sha256: Sha256 | null;
  readonly weight: number;
  readonly local_steps: number | null;
  readonly counter: number;
  readonly key_id: Sha256;
  readonly accepted_at_ms: number;
  readonly statement_envelope: string;
  readonly receipt_envelope: string;
}

export async function selectUpdates(
  session: SqlSession,
  jobId: string,
  round: number,
): Promise<StoredUpdate[]> {
  const rows = await session.all<UpdateRow>(
    'SELECT * FROM updates WHERE job_id = ? AND round = ? ORDER BY site',
    jobId,
    round,
  );
  return rows.map(updateOf);
}

export async function selectFigures(
  session: SqlSession,
  jobId: string,
  { first, last }: RoundSpan,
): Promise<ReportedFigures[]> {
  const rows = await session.all<UpdateRow>(
    `SELECT round, site, weight, ${FIGURE_COLUMNS} FROM updates
     WHERE job_id = ? AND round BETWEEN ? AND ? ORDER BY round, site`,
    jobId,
    first,
    last,
  );
  return rows.map((row) => {
    const { round, site, weight } = row;
    return { round, site, weight, figures: figuresOf(row) };
  });
}

export async function selectUpdate(
  session: SqlSession,
  statement: Sha256,
): Promise<StoredUpdate | undefined> {
  const row = await session.get<UpdateRow>(
    'SELECT * FROM updates WHERE statement_sha256 = ?',
    statement,
  );
  return row === undefined ? undefined : updateOf(row);
}

export async function selectLastCounter(
  session: SqlSession,
  jobId: string,
  site: string,
  keyId: Sha256,
): Promise<number> {
  const row = await session.get<{ counter: number | null }>(
    'SELECT MAX(counter) AS counter FROM updates WHERE job_id = ? AND site = ? AND key_id = ?',
    jobId,
    site,
    keyId,
  );
  return row?.counter ?? 0;
}

function updateOf(row: UpdateRow): StoredUpdate {
  return {
    statementSha256: row.statement_sha256,
    jobId: row.job_id,
    round: row.round,
    site: row.site,
    deltaSha256: row.delta_sha256,
    weight: row.weight,
    localSteps: row.local_steps,
    figures: figuresOf(row),
    counter: row.counter,
    keyId: row.key_id,
    acceptedAtMs: row.accepted_at_ms,
    statementEnvelope: row.statement_envelope,
    receiptEnvelope: row.receipt_envelope,
  };
}
