import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { isFedvoxError, type Sha256 } from '@fedvox/base';
import { isDiskFull, type Logger } from '@fedvox/base/system';
import { decodeJob, type Job, jobDigest } from '@fedvox/job';
import { judgedByPeople } from '../approvals/approvals.js';
import type { GateOutcome, Task } from '../core/task.js';
import { fail } from '../errors.js';
import type { Line } from '../line/line.js';
import { judgeJob, refusalOfJob, type SitePolicy } from '../policy/site-policy.js';

/** A job is a few KiB of declarations. */
const MAX_JOB_BYTES = 1024 * 1024;

export interface TaskFetchOptions {
  readonly line: Line;
  /** Folder of downloads by digest. */
  readonly blobs: string;
  readonly policy: SitePolicy;
  /** Folder of what people of the site were asked, and answered. */
  readonly approvals: string;
  readonly nowMs: number;
  readonly maxModelBytes: number;
  readonly log: Logger;
  readonly signal: AbortSignal;
}

/** A task with what it needs, or the reason why this site cannot take it on. */
export type Fetched =
  | { readonly outcome: 'pass'; readonly job: Job; readonly baseModelPath?: string }
  | { readonly outcome: Exclude<GateOutcome, 'pass'> };

/**
 * Brings a task's job and model to the site, verified by their digests, and judges the job by the
 * site's policy before anything larger is fetched.
 */
export async function fetchTask(task: Task, options: TaskFetchOptions): Promise<Fetched> {
  try {
    const { work } = task;
    const needed = work.kind === 'check-data' ? [] : [work.baseModel];
    await forgetAllBut([task.jobDigest, ...needed], options.blobs);
    const job = await fetchJob(task, options);
    const outcome = judgeJob(options.policy, job);
    if (outcome !== 'pass') {
      const why = refusalOfJob(options.policy, job);
      options.log.warn({ job: task.job, why }, 'policy refuses the job');
      return { outcome };
    }
    const word = await peoplesWord(task, job, options);
    if (word !== 'pass') return { outcome: word };
    if (work.kind === 'check-data') return { outcome, job };
    const baseModelPath = await fetchBlob(task, work.baseModel, options.maxModelBytes, options);
    return { outcome, job, baseModelPath };
  } catch (error) {
    const outcome = outcomeOf(error);
    if (outcome === undefined) throw error;
    options.log.error({ err: error, job: task.job }, 'this site cannot take the job on');
    return { outcome };
  }
}

/** Where policy has people asked: whether one of them has approved this very job. */
async function peoplesWord(
  task: Task,
  job: Job,
  { policy, approvals, nowMs, log }: TaskFetchOptions,
): Promise<GateOutcome> {
  if (policy.approval === 'automatic') return 'pass';
  const word = await judgedByPeople(approvals, task, job, nowMs, async () => {
    // Loaded only here: it knows networks, of which the agent itself knows nothing.
    const { parameterCount } = await import('@fedvox/learning');
    return parameterCount(job);
  });
  if (word === 'refused-by-policy') log.warn({ job: task.job }, 'a person here refused the job');
  return word;
}

/**
 * The job as the strict schema reads it, which must be exactly what its digest names: nothing in it is
 * executed, and nothing means something else here than to its author (invariant 6).
 */
async function fetchJob(task: Task, options: TaskFetchOptions): Promise<Job> {
  const path = await fetchBlob(task, task.jobDigest, MAX_JOB_BYTES, options);
  const job = decodeJob(await readFile(path));
  if (jobDigest(job) !== task.jobDigest) throw fail('job-not-canonical');
  return job;
}

async function fetchBlob(
  task: Task,
  digest: Sha256,
  maxBytes: number,
  { line, blobs, signal }: TaskFetchOptions,
): Promise<string> {
  const path = join(blobs, digest);
  await line.download(task, digest, path, { maxBytes, signal });
  return path;
}

/** Every round has a model of its own: the site keeps what the present task needs, parts included. */
async function forgetAllBut(digests: readonly Sha256[], blobs: string): Promise<void> {
  for (const name of await readdir(blobs)) {
    if (!digests.some((digest) => name.startsWith(digest))) await rm(join(blobs, name));
  }
}

/** What keeps this site from the job; undefined where it was the line that failed. */
function outcomeOf(error: unknown): 'no-disk-space' | 'not-supported' | undefined {
  // Where not even the ledger can be written, nothing can be said either.
  if (isDiskFull(error) && !isFedvoxError(error, 'agent/ledger-unwritable')) return 'no-disk-space';
  const isBeyondThisSite =
    isFedvoxError(error, 'job/not-a-job') ||
    isFedvoxError(error, 'agent/job-not-canonical') ||
    isFedvoxError(error, 'protocol/download-too-large');
  return isBeyondThisSite ? 'not-supported' : undefined;
}
