import { copyFile } from 'node:fs/promises';
import { type Clock, isFedvoxError } from '@fedvox/base';
import { createLogger } from '@fedvox/base/system';
import type { JobDetails, JobFact } from '@fedvox/coordinator';
import type { DatasetSpec } from '@fedvox/imaging';
import { CrowdFederation } from '../crowd/crowd-federation.js';
import { fail } from '../errors.js';
import { reportOfEnded } from '../federation/ended-job.js';
import { settledRows } from '../federation/follow-job.js';
import type { RunProgress } from '../federation/run-progress.js';
import type { Report } from '../run-report.js';
import { latecomers } from '../scenario/events.js';
import type { Plan } from '../scenario/plan.js';
import { firstSurrogateModel } from '../surrogate/surrogate-model.js';
import { AnswerTimes, type RoundAttendance } from './answer-times.js';
import { Fates } from './fates.js';
import { VirtualFederation } from './virtual-federation.js';

export interface VirtualRunOptions {
  /** New or empty. */
  readonly folder: string;
  readonly data: ReadonlyMap<string, DatasetSpec>;
  /** Prepared cases, for all sites and runs. */
  readonly cacheDir: string;
  /** The machine's. */
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly onProgress: (progress: RunProgress) => void;
}

export interface VirtualReport extends Report {
  /** From the job's submission to its end, on virtual time. */
  readonly durationMs: number;
  readonly attendance: readonly RoundAttendance[];
}

type Federation = VirtualFederation | CrowdFederation;

const ENDS: readonly JobFact['kind'][] = ['job-completed', 'job-failed'];

/**
 * Runs the plan's job in this process, on virtual time: the same plan on the same engine ends in the same bytes.
 * @throws FedvoxError `simulator/job-not-completed`, `simulator/no-best-model`, `simulator/training-failed`,
 *   `simulator/interrupted`
 */
export async function runVirtual(plan: Plan, options: VirtualRunOptions): Promise<VirtualReport> {
  const { folder, data, cacheDir, clock: wallClock, signal } = options;
  const log = createLogger({ name: 'simulate', level: 'error' });
  try {
    const surroundings = { plan, folder, data, cacheDir, wallClock, log, signal };
    const isCrowd = plan.surrogate?.programs === false;
    const federation = await (isCrowd ? CrowdFederation : VirtualFederation).found(surroundings);
    return await runJob(federation, plan, options).catch(async (error: unknown) => {
      // What it failed by is what counts, not what its end meets then.
      await federation.stop().catch(() => undefined);
      throw error;
    });
  } catch (error) {
    if (signal.aborted && !isFedvoxError(error))
      throw fail('interrupted', { folder }, { cause: error });
    throw error;
  }
}

async function runJob(
  federation: Federation,
  plan: Plan,
  { onProgress }: VirtualRunOptions,
): Promise<VirtualReport> {
  const { clock, folders } = federation;
  const late = latecomers(plan.events);
  const first = plan.sites.filter(({ name }) => !late.has(name));
  for (const { name } of first) {
    await clock.passUntil(Promise.race([federation.join(name), federation.failed]));
  }
  const over = new Promise<void>((resolve) => {
    federation.onFact(({ kind }) => {
      if (ENDS.includes(kind)) resolve();
    });
  });
  const attendance = new AnswerTimes();
  federation.onFact(attendance.onFact);
  const submittedAtMs = clock.nowMs();
  const id = await federation.submit(await beginningOf(plan));
  const fates = new Fates(federation, plan.events);
  const tell = tellRounds(federation, id, onProgress);
  const trouble = new Promise<never>((_, reject) => {
    federation.onFact((fact) => {
      if (fact.kind !== 'round-opened') return;
      tell().catch(reject);
      if (fact.work === 'train') fates.befall(fact.round).catch(reject);
    });
  });
  await clock.passUntil(Promise.race([over, trouble, federation.failed]));
  const endedAtMs = clock.nowMs();
  const details = await tell();
  const ended = {
    folders,
    events: 'events' in federation ? await federation.events(id) : [],
    fetchModel: async (sha256: string, path: string) =>
      copyFile(await federation.pathOf(sha256), path),
    egressOf: 'egressOf' in federation ? (site: string) => federation.egressOf(site) : undefined,
    isSurrogate: plan.surrogate !== undefined,
    stop: () => federation.stop(),
  };
  return reportOfEnded(plan, details, ended, {
    durationMs: endedAtMs - submittedAtMs,
    attendance: attendance.rounds,
  });
}

/** The model that the job begins with. */
async function beginningOf({ surrogate, job }: Plan): Promise<Uint8Array> {
  if (surrogate !== undefined) return firstSurrogateModel(surrogate.parameters);
  // Heavy: only where a network is trained.
  const { firstModel } = await import('@fedvox/learning');
  return firstModel(job);
}

/** Tells the rounds whose figures have become complete since it was last asked. */
function tellRounds(
  federation: Federation,
  id: string,
  onProgress: VirtualRunOptions['onProgress'],
): () => Promise<JobDetails> {
  let told = 0;
  return async () => {
    const details = await federation.details(id);
    const settled = settledRows(details);
    for (const row of settled.slice(told)) {
      onProgress({ kind: 'round', row, rounds: details.totalRounds });
    }
    told = Math.max(told, settled.length);
    return details;
  };
}
