import { type Clock, isFedvoxError, type RetryPolicy, retry } from '@fedvox/base';
import type { CoordinatorEvent, JobDetails } from '../rest-contract.js';
import { MAX_EVENT_WAIT_MS } from '../rest-contract.js';
import type { CoordinatorClient } from './coordinator-client.js';
import { RoundTimes } from './round-times.js';

/** A coordinator that restarts is back within minutes; one that stays away is told to the person. */
const RECONNECT: RetryPolicy = { maxAttempts: 15, firstDelayMs: 1_000, maxDelayMs: 30_000 };

type FactNews = CoordinatorEvent['fact'] & { readonly atMs: number };

/** One thing that happened to a job, with what an operator wants to know beside it. */
export type JobNews =
  | Exclude<FactNews, { kind: 'round-committed' }>
  | (Extract<FactNews, { kind: 'round-committed' }> & RoundOutcome);

interface RoundOutcome {
  /** From opening to committing; null where the opening is not known. */
  readonly durationMs: number | null;
  readonly totalRounds: number;
  /** When the job ends if its rounds go on like the latest ones; null where none is left. */
  readonly endsAboutAtMs: number | null;
  /** What the sites reported in this round: figures of the model that the round began with. */
  readonly figuresOf: JobDetails['rounds'][number] | null;
}

export interface FollowJobOptions {
  readonly clock: Clock;
  /** In [0, 1). */
  readonly jitter: () => number;
  readonly signal: AbortSignal;
  readonly onNews: (news: JobNews) => void;
  /** What the sites are doing now, after each look. */
  readonly onLook?: (job: JobDetails) => void;
  readonly onReconnect?: (error: unknown, delayMs: number) => void;
}

/**
 * Tells everything that happened to a job, from its submission on and as it happens, until it has
 * ended; its last state. A failed job that is resumed later is followed anew.
 * @throws FedvoxError `coordinator/no-such-job`, `coordinator/coordinator-unreachable`, and the
 *   signal's reason
 */
export async function followJob(
  client: Pick<CoordinatorClient, 'job' | 'events'>,
  jobId: string,
  { clock, jitter, signal, onNews, onLook, onReconnect }: FollowJobOptions,
): Promise<JobDetails> {
  const patiently = <T>(call: () => Promise<T>): Promise<T> =>
    retry(
      RECONNECT,
      {
        clock,
        jitter,
        signal,
        isTransient: (error) => isFedvoxError(error, 'coordinator/coordinator-unreachable'),
        ...(onReconnect && { onRetry: (error, _attempt, delayMs) => onReconnect(error, delayMs) }),
      },
      call,
    );
  let job = await client.job(jobId);
  const times = new RoundTimes(job.totalRounds);
  for (let after = 0, waitMs = 0; ; ) {
    const events = await patiently(() => client.events(after, waitMs, signal, jobId));
    after = events.at(-1)?.sequence ?? after;
    job = await patiently(() => lookAgain(client, job));
    for (const event of events) onNews(newsOf(event, job, times));
    onLook?.(job);
    // Whatever is known already comes page by page, without waiting.
    const hasCaughtUp = events.length === 0;
    if (hasCaughtUp && hasEnded(job)) return job;
    waitMs = hasEnded(job) || events.length > 0 ? 0 : MAX_EVENT_WAIT_MS;
  }
}

/** The last two models of the table may have got figures since; those before them stay as they are. */
async function lookAgain(
  client: Pick<CoordinatorClient, 'job'>,
  before: JobDetails,
): Promise<JobDetails> {
  const from = Math.max(0, before.rounds.length - 2);
  const now = await client.job(before.id, from);
  return { ...now, rounds: [...before.rounds.slice(0, from), ...now.rounds] };
}

function hasEnded({ status }: JobDetails): boolean {
  return status === 'completed' || status === 'failed' || status === 'aborted';
}

function newsOf({ fact, atMs }: CoordinatorEvent, job: JobDetails, times: RoundTimes): JobNews {
  times.onFact(fact, atMs);
  if (fact.kind !== 'round-committed') return { ...fact, atMs };
  const { round } = fact;
  return {
    ...fact,
    atMs,
    durationMs: times.durationMs(round),
    totalRounds: job.totalRounds,
    endsAboutAtMs: times.endsAboutAtMs(round, atMs),
    figuresOf: job.rounds.find((row) => row.round === round - 1) ?? null,
  };
}
