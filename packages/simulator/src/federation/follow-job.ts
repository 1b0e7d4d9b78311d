import type { Clock } from '@fedvox/base';
import type { JobDetails } from '@fedvox/coordinator';
import type { CoordinatorClient } from '@fedvox/coordinator/client';
import type { RunProgress } from './run-progress.js';

export interface FollowOptions {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly onProgress: (progress: RunProgress) => void;
}

const POLL_INTERVAL_MS = 500;

/**
 * Tells a job's progress until it has ended, however it ends; its last state. Bounded by the job's
 * own deadlines and by the signal.
 */
export async function followJob(
  client: Pick<CoordinatorClient, 'job'>,
  jobId: string,
  { clock, signal, onProgress }: FollowOptions,
): Promise<JobDetails> {
  let told = 0;
  for (;;) {
    const job = await client.job(jobId);
    for (const row of settledRows(job).slice(told)) {
      onProgress({ kind: 'round', row, rounds: job.totalRounds });
      told++;
    }
    if (hasEnded(job)) return job;
    onProgress(activityOf(job));
    await clock.sleep(POLL_INTERVAL_MS, signal);
  }
}

function hasEnded({ status }: JobDetails): boolean {
  return status === 'completed' || status === 'failed' || status === 'aborted';
}

/**
 * Rows whose figures are complete: those of round r's model are reported while round r + 1 is open,
 * those of the last one in the evaluation that follows it.
 */
export function settledRows(job: JobDetails): JobDetails['rounds'] {
  if (job.status === 'completed') return job.rounds;
  const openRound = job.current?.round ?? 0;
  return job.rounds.filter(({ round }) => round + 1 < openRound);
}

function activityOf({ current, totalRounds }: JobDetails): RunProgress {
  const sites = current?.sites ?? [];
  return {
    kind: 'activity',
    round: current?.round ?? 0,
    rounds: totalRounds,
    sites: sites.map(({ site, answer, state }) => ({
      site,
      state: answer === 'awaited' ? (state ?? 'away') : answer,
    })),
  };
}
