import type { Clock, Sha256 } from '@fedvox/base';
import type { Logger } from '@fedvox/base/system';
import { maxStaleness } from '@fedvox/job';
import { isOver } from '../core/job-state.js';
import {
  type JobBytes,
  type NamedBytes,
  type RetentionRules,
  removable,
} from '../core/retention-rules.js';
import type { BlobStore } from '../store/blob-store.js';
import type { Store, StoredJob, StoredRound } from '../store/store.js';
import type { BestModels } from './best-models.js';
import { modelsOf } from './job-results.js';

/** Bytes that came in just now may be meant for a row that is about to be written. */
const ARRIVAL_GRACE_MS = 10 * 60_000;
/** Nothing goes for so long after a snapshot: its rows name bytes that are still to be copied. */
const HOLD_MS = 60 * 60_000;
/** Between looks: often enough for short terms, seldom enough to be nothing beside a round. */
const MIN_INTERVAL_MS = 1_000;
const MAX_INTERVAL_MS = 10 * 60_000;
/** Where terms are in rounds, which may be short. */
const ROUNDS_INTERVAL_MS = 60_000;

export interface RetentionOptions {
  readonly store: Store;
  readonly blobs: BlobStore;
  readonly bests: BestModels;
  readonly rules: RetentionRules;
  readonly clock: Clock;
  readonly log: Logger;
}

/**
 * Removes bytes that no round needs any more, as `retention` in the configuration asks, and those of
 * deleted jobs. The rows stay: every statement, every receipt, and when the bytes went.
 */
export class Retention {
  readonly #options: RetentionOptions;
  readonly #stopping = new AbortController();
  #heldUntilMs = 0;

  constructor(options: RetentionOptions) {
    this.#options = options;
  }

  /** Looks again and again until `stop`. */
  async run(): Promise<void> {
    const { clock, log, rules } = this.#options;
    const terms = [rules.deltasMs, rules.modelsMs].filter((each) => each !== null);
    const longestMs = rules.deltasRounds === null ? MAX_INTERVAL_MS : ROUNDS_INTERVAL_MS;
    const intervalMs = Math.max(MIN_INTERVAL_MS, Math.min(longestMs, ...terms));
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      await this.sweep().catch((error: unknown) =>
        log.error({ err: error }, 'old bytes could not be removed; trying again'),
      );
      // Rejects only when it is stopped, which ends the loop.
      await clock.sleep(intervalMs, signal).catch(() => undefined);
    }
  }

  stop(): void {
    this.#stopping.abort();
  }

  /** Removes nothing for a while, so that a backup finds what it is to copy. */
  hold(): void {
    this.#heldUntilMs = this.#options.clock.nowMs() + HOLD_MS;
  }

  /** Removes what is due now; how many blobs, and their bytes together. */
  async sweep(): Promise<{ blobs: number; bytes: number }> {
    const { store, blobs, rules, clock, log } = this.#options;
    if (clock.nowMs() < this.#heldUntilMs) return { blobs: 0, bytes: 0 };
    const jobs: JobBytes[] = [];
    for (const job of await store.jobs()) jobs.push(await this.#bytesOf(job, false));
    for (const job of await store.deletedJobs()) jobs.push(await this.#bytesOf(job, true));
    const nowMs = clock.nowMs();
    const due: { digest: Sha256; byteLength: number }[] = [];
    for (const digest of removable(jobs, rules, nowMs)) {
      const found = await blobs.find(digest);
      if (found === undefined || nowMs - found.storedAtMs < ARRIVAL_GRACE_MS) continue;
      due.push({ digest, byteLength: found.byteLength });
    }
    // The row first: bytes that are gone are never gone without a reason.
    await store.recordRemoved(
      due.map(({ digest }) => digest),
      nowMs,
    );
    for (const { digest } of due) await blobs.remove(digest);
    const bytes = due.reduce((sum, { byteLength }) => sum + byteLength, 0);
    if (due.length > 0) log.info({ blobs: due.length, bytes }, 'old bytes removed');
    return { blobs: due.length, bytes };
  }

  async #bytesOf(job: StoredJob, isDeleted: boolean): Promise<JobBytes> {
    const { store } = this.#options;
    const { state, jobSha256 } = job;
    const { jobId, initialModel, archive = false, strategy, rounds: lastRound } = state.plan;
    const rounds = await store.rounds(jobId);
    const endedAtMs = isOver(state) ? await store.lastFactAtMs(jobId) : null;
    // Where rounds overlap, an update may count in a later one than its own.
    const lastUse = (round: number) => Math.min(round + maxStaleness(strategy), lastRound);
    const committed = Math.max(0, ...rounds.flatMap(committedRound));
    const committedAtMs = new Map(rounds.map((each) => [each.round, each.committedAtMs]));
    const all = modelsOf(job, rounds);
    // Until the job is over any model may still turn out to be its best.
    const states = rounds.flatMap(({ serverState }) => serverState ?? []);
    const models = [...all, ...states].map(
      (sha256): NamedBytes => ({ kind: 'model', sha256, sinceMs: endedAtMs }),
    );
    const deltas = (await store.deltas(jobId)).map(
      ({ round, sha256 }): NamedBytes => ({
        kind: 'delta',
        sha256,
        sinceMs: archive ? null : (committedAtMs.get(lastUse(round)) ?? endedAtMs),
        roundsSince: endedAtMs === null ? committed - lastUse(round) : Number.POSITIVE_INFINITY,
      }),
    );
    // A deleted job's definition may be gone already, and with it what its best model was.
    const best = isDeleted ? null : await this.#options.bests.of(job);
    const present = state.activity.kind === 'gate' ? initialModel : state.activity.round.baseModel;
    const last = all.at(-1) ?? initialModel;
    const kept = [jobSha256, present, last, ...(best === null ? [] : [best.modelSha256])];
    return { isDeleted, bytes: [...models, ...deltas], kept };
  }
}

const committedRound = ({ round, committedAtMs }: StoredRound): number[] =>
  committedAtMs === null ? [] : [round];
