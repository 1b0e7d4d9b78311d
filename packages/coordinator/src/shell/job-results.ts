import { readFile } from 'node:fs/promises';
import type { Sha256 } from '@fedvox/base';
import { decodeJob, plateauCuts } from '@fedvox/job';
import { lastGain, type ModelComparison } from '../core/best-model.js';
import { tabulate } from '../core/results.js';
import type { BlobStore } from '../store/blob-store.js';
import type { Store, StoredRound } from '../store/store.js';
import type { RegisteredJob } from './job-registry.js';

export interface ResultSources {
  readonly store: Store;
  readonly blobs: BlobStore;
}

/** By what a job's models are compared. */
export async function comparisonOf(
  { jobSha256, state }: Pick<RegisteredJob, 'jobSha256' | 'state'>,
  blobs: BlobStore,
): Promise<ModelComparison> {
  const { maxShare, selection } = state.plan;
  const { bestBy: metric } = decodeJob(await readFile(await blobs.path(jobSha256))).evaluation;
  return { metric, over: selection?.over, maxShare };
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

/** The round of the job's last gain, where its patience has come to its end; undefined where it goes on. */
export async function endOfPatience(
  job: RegisteredJob,
  { store, blobs }: ResultSources,
): Promise<number | undefined> {
  const { jobId, maxShare, selection } = job.state.plan;
  const { patience, minGain = 0 } = selection ?? {};
  if (patience === undefined) return undefined;
  const models = modelsOf(job, await store.rounds(jobId));
  const rows = tabulate(models, await store.figures(jobId), maxShare);
  const last = lastGain(rows, await comparisonOf(job, blobs), minGain);
  return last !== null && last.modelsSince >= patience ? last.round : undefined;
}

/**
 * How often a job's plateau has cut the learning rate of a round: by the figures that rounds before it have
 * collected, which are those of models up to two rounds before. Nothing of the round itself counts, so that every
 * site is told the same whenever it asks, and after a restart. 0 where the job has no plateau.
 */
export async function rateCutsOf(
  job: Pick<RegisteredJob, 'jobSha256' | 'state'>,
  round: number,
  { store, blobs }: ResultSources,
): Promise<number> {
  const { jobId, maxShare } = job.state.plan;
  const { training, evaluation } = decodeJob(await readFile(await blobs.path(job.jobSha256)));
  const { schedule } = training;
  if (schedule?.kind !== 'plateau') return 0;
  const before = (await store.figures(jobId)).filter((report) => report.round < round);
  const rows = tabulate(modelsOf(job, await store.rounds(jobId)), before, maxShare);
  const figures = rows.slice(1).map(({ [evaluation.bestBy]: figure }) => figure);
  return plateauCuts(schedule, evaluation.bestBy, figures);
}
