import { readFile } from 'node:fs/promises';
import type { Sha256 } from '@fedvox/base';
import { decodeJob, type MetricName } from '@fedvox/job';
import { lastGain, type ModelComparison } from '../core/best-model.js';
import { bestOf, type ModelRow, tabulate } from '../core/results.js';
import type { BlobStore } from '../store/blob-store.js';
import type { Store, StoredRound } from '../store/store.js';
import type { RegisteredJob } from './job-registry.js';

/** What a job has come to so far: a function of its accepted updates, and so the same after a crash. */
export interface JobResults {
  readonly rows: readonly ModelRow[];
  readonly bestBy: MetricName;
  readonly comparison: ModelComparison;
}

export interface ResultSources {
  readonly store: Store;
  readonly blobs: BlobStore;
}

export async function resultsOf(
  job: RegisteredJob,
  { store, blobs }: ResultSources,
): Promise<JobResults> {
  const { jobId, maxShare, selection } = job.state.plan;
  const models = modelsOf(job, await store.rounds(jobId));
  const rows = tabulate(models, await store.figures(jobId), maxShare);
  const { bestBy } = decodeJob(await readFile(await blobs.path(job.jobSha256))).evaluation;
  return { rows, bestBy, comparison: { metric: bestBy, over: selection?.over, maxShare } };
}

/** The initial model, then one of each committed round. */
export function modelsOf(
  { state }: Pick<RegisteredJob, 'state'>,
  rounds: readonly StoredRound[],
): readonly Sha256[] {
  const trained = rounds.flatMap(({ work, model }) =>
    work === 'train' && model !== null ? [model] : [],
  );
  return [state.plan.initialModel, ...trained];
}

/** The best model so far by the job's own rule; null where no figure of one is known. */
export async function bestModelOf(
  job: RegisteredJob,
  sources: ResultSources,
): Promise<ModelRow | null> {
  const { rows, comparison } = await resultsOf(job, sources);
  return bestOf(rows, comparison);
}

/** The round of the job's last gain, where its patience has come to its end; undefined where it goes on. */
export async function endOfPatience(
  job: RegisteredJob,
  sources: ResultSources,
): Promise<number | undefined> {
  const { patience, minGain = 0 } = job.state.plan.selection ?? {};
  if (patience === undefined) return undefined;
  const { rows, comparison } = await resultsOf(job, sources);
  const last = lastGain(rows, comparison, minGain);
  return last !== null && last.modelsSince >= patience ? last.round : undefined;
}
