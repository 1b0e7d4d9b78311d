import { rm } from 'node:fs/promises';
import { MAX_EARLIER_ROUNDS } from '@fedvox/aggregation';
import { assert, type Clock, type RetryPolicy, retry, type Sha256 } from '@fedvox/base';
import type { Logger } from '@fedvox/base/system';
import { maxStaleness, PLAIN } from '@fedvox/job';
import { dueEffects, type JobEffect, type JobEvent } from '../core/job-state.js';
import type { RoundOutcome } from '../core/round-machine.js';
import { invitedSites } from '../core/standing.js';
import type { SiteVerdict } from '../core/verdict.js';
import type { BlobStore } from '../store/blob-store.js';
import type { Store, StoredUpdate } from '../store/store.js';
import type { ComputeThreads } from '../threads/compute-threads.js';
import type { FilePath, RoundTask, UpdateIn } from '../threads/round-task.js';
import type { JobRegistry } from './job-registry.js';
import { endOfPatience } from './job-results.js';
import { screenRound } from './screening.js';

/** A full disk or a slow one may be better in a moment; after that, the operator decides. */
const AGGREGATION_RETRY: RetryPolicy = { maxAttempts: 3, firstDelayMs: 1_000, maxDelayMs: 5_000 };
/** Recording that an effect was carried out is tried for about ten minutes. */
const RECORD_RETRY: RetryPolicy = { maxAttempts: 60, firstDelayMs: 200, maxDelayMs: 15_000 };

type AggregateEffect = Extract<JobEffect, { kind: 'aggregate' }>;
type ScreenEffect = Extract<JobEffect, { kind: 'screen' }>;

export interface RoundRunnerOptions {
  readonly registry: JobRegistry;
  readonly store: Store;
  readonly blobs: BlobStore;
  readonly threads: ComputeThreads;
  /** Resolves when no update of the round is being checked any more. */
  readonly settled: (job: string, round: number) => Promise<void>;
  /** Whether nothing was heard of a site lately. */
  readonly isAway: (site: string) => boolean;
  readonly clock: Clock;
  readonly log: Logger;
  readonly jitter: () => number;
}

/**
 * Carries out what jobs ask for, and answers them with an event. Everything it does can be done again
 * with the same result, so that after a crash it simply does what is due.
 */
export class RoundRunner {
  readonly #options: RoundRunnerOptions;
  readonly #stopping = new AbortController();
  readonly #underWay = new Set<Promise<void>>();

  constructor(options: RoundRunnerOptions) {
    this.#options = options;
  }

  /** Takes up what was due when the last process ended, and from then on whatever becomes due. */
  start(): void {
    const { registry } = this.#options;
    registry.onProgress(({ job, effects }) => this.#begin(job.state.plan.jobId, effects));
    for (const { state } of registry.all()) this.#begin(state.plan.jobId, dueEffects(state));
  }

  /** Ends what is under way at its next slice; the next start takes it up again. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await Promise.all(this.#underWay);
  }

  #begin(jobId: string, effects: readonly JobEffect[]): void {
    if (this.#stopping.signal.aborted) return;
    for (const effect of effects) {
      const work = this.#carryOut(jobId, effect).finally(() => this.#underWay.delete(work));
      this.#underWay.add(work);
    }
  }

  async #carryOut(jobId: string, effect: JobEffect): Promise<void> {
    const { clock, jitter, log, registry } = this.#options;
    const { signal } = this.#stopping;
    try {
      const event = await this.#perform(jobId, effect);
      const options = { clock, jitter, signal, isTransient: () => true };
      await retry(RECORD_RETRY, options, () => registry.advance(jobId, () => ({ event })));
    } catch (error) {
      if (signal.aborted) return;
      const { kind, round } = effect;
      log.error(
        { err: error, job: jobId, round, effect: kind },
        'left undone until the next start',
      );
    }
  }

  async #perform(jobId: string, effect: JobEffect): Promise<JobEvent> {
    const { registry } = this.#options;
    const { round } = effect;
    switch (effect.kind) {
      case 'open-round':
        return this.#opening(jobId, round);
      case 'settle-updates':
        await this.#options.settled(jobId, round);
        return { kind: 'updates-settled', round };
      case 'screen':
        return this.#patiently(
          { what: 'screening', jobId, round },
          async () => ({
            kind: 'screened',
            round,
            verdicts: await this.#verdicts(jobId, effect),
            nowMs: this.#options.clock.nowMs(),
          }),
          { kind: 'screening-failed', round },
        );
      case 'aggregate':
        return this.#patiently(
          { what: 'averaging', jobId, round },
          async () => {
            const outcome = await this.#outcome(jobId, effect);
            const lastGain = await endOfPatience(registry.get(jobId), this.#options);
            const end = lastGain === undefined ? {} : { lastGain };
            return { kind: 'aggregated', round, ...outcome, ...end };
          },
          { kind: 'aggregation-failed', round },
        );
    }
  }

  #opening(jobId: string, round: number): JobEvent {
    const { clock, registry, isAway } = this.#options;
    const away = invitedSites(registry.get(jobId).state).filter(isAway);
    return { kind: 'round-opened', round, nowMs: clock.nowMs(), away };
  }

  /** Work over the round's updates, tried again a few times; `failed` where it cannot be done. */
  async #patiently(
    { what, jobId: job, round }: { what: string; jobId: string; round: number },
    work: () => Promise<JobEvent>,
    failed: JobEvent,
  ): Promise<JobEvent> {
    const { clock, jitter, log } = this.#options;
    const { signal } = this.#stopping;
    const onRetry = (error: unknown) =>
      log.warn({ err: error, job, round }, `${what} failed; trying again`);
    try {
      const options = { clock, jitter, signal, isTransient: () => !signal.aborted, onRetry };
      return await retry(AGGREGATION_RETRY, options, work);
    } catch (error) {
      if (signal.aborted) throw error;
      log.error({ err: error, job, round }, `${what} failed`);
      return failed;
    }
  }

  /** What the job's firewall finds of the round's updates. */
  async #verdicts(
    jobId: string,
    { round, baseModel, statements }: ScreenEffect,
  ): Promise<SiteVerdict[]> {
    const { blobs, registry, store, threads } = this.#options;
    const { firewall, encoding = PLAIN } = registry.get(jobId).state.plan;
    assert(firewall !== undefined, 'only a job with a firewall has its rounds screened');
    const known = await store.verdicts(jobId, Math.max(1, round - MAX_EARLIER_ROUNDS));
    const task = {
      rules: firewall,
      base: () => blobs.path(baseModel),
      updates: await this.#updates(jobId, round, statements),
      encoding,
      earlier: known.filter((verdict) => verdict.round < round),
    };
    return screenRound(task, threads, this.#stopping.signal);
  }

  /** What the job's strategy makes of the round, once its bytes are durable. */
  async #outcome(
    jobId: string,
    { round, baseModel, baseState, statements }: AggregateEffect,
  ): Promise<RoundOutcome> {
    const { blobs, registry, threads } = this.#options;
    const { strategy: spec, maxShare, encoding = PLAIN } = registry.get(jobId).state.plan;
    const drafts = { model: blobs.draft(), state: blobs.draft(), spool: blobs.draft() };
    const task: RoundTask = {
      spec,
      maxShare,
      base: () => blobs.path(baseModel),
      serverState: baseState === null ? null : () => blobs.path(baseState),
      updates: await this.#updates(jobId, round, statements),
      encoding,
      drafts,
    };
    try {
      const { model, serverState } = await threads.aggregateRound(task, this.#stopping.signal);
      await blobs.adopt(drafts.model, model);
      if (serverState !== null) await blobs.adopt(drafts.state, serverState);
      return { model, serverState };
    } catch (error) {
      for (const path of [drafts.model, drafts.state]) await rm(path, { force: true });
      throw error;
    }
  }

  async #updates(
    jobId: string,
    round: number,
    statements: readonly Sha256[],
  ): Promise<(UpdateIn<FilePath> & Pick<StoredUpdate, 'figures'>)[]> {
    const { registry, store, blobs } = this.#options;
    const { strategy: spec } = registry.get(jobId).state.plan;
    const frozen = new Set(statements);
    const accepted: StoredUpdate[] = [];
    // Where rounds overlap, some were made for an earlier one.
    for (let of = Math.max(1, round - maxStaleness(spec)); of <= round; of++) {
      const ofRound = await store.updates(jobId, of);
      accepted.push(...ofRound.filter(({ statementSha256 }) => frozen.has(statementSha256)));
    }
    assert(accepted.length === statements.length, 'every accepted statement has its row');
    return accepted.map(({ round: madeFor, site, weight, localSteps, figures, deltaSha256 }) => {
      assert(deltaSha256 !== null, 'an update of a training round has a delta');
      const staleness = round - madeFor;
      const said = { weight, localSteps, figures, dice: figures.dice, staleness };
      return { site, ...said, delta: () => blobs.path(deltaSha256) };
    });
  }
}
