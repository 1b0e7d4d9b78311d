import { type AggregationInput, aggregate, type SiteUpdate } from '@fedvox/aggregation';
import { assert, type Clock, type RetryPolicy, retry, type Sha256 } from '@fedvox/base';
import type { Logger } from '@fedvox/base/system';
import type { TensorReader, TensorSource } from '@fedvox/weights';
import { writeWeightsFile } from '@fedvox/weights/files';
import { dueEffects, type JobEffect, type JobEvent } from '../core/job-state.js';
import type { RoundOutcome } from '../core/round-machine.js';
import { invitedSites } from '../core/standing.js';
import type { BlobStore } from '../store/blob-store.js';
import type { Store } from '../store/store.js';
import type { JobRegistry } from './job-registry.js';
import { endOfPatience } from './job-results.js';
import { RoundFiles } from './round-files.js';

/** A full disk or a slow one may be better in a moment; after that, the operator decides. */
const AGGREGATION_RETRY: RetryPolicy = { maxAttempts: 3, firstDelayMs: 1_000, maxDelayMs: 5_000 };
/** Recording that an effect was carried out is tried for about ten minutes. */
const RECORD_RETRY: RetryPolicy = { maxAttempts: 60, firstDelayMs: 200, maxDelayMs: 15_000 };

type AggregateEffect = Extract<JobEffect, { kind: 'aggregate' }>;

export interface RoundRunnerOptions {
  readonly registry: JobRegistry;
  readonly store: Store;
  readonly blobs: BlobStore;
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
    const { round } = effect;
    switch (effect.kind) {
      case 'open-round':
        return this.#opening(jobId, round);
      case 'settle-updates':
        await this.#options.settled(jobId, round);
        return { kind: 'updates-settled', round };
      case 'aggregate':
        return this.#aggregate(jobId, effect);
    }
  }

  #opening(jobId: string, round: number): JobEvent {
    const { clock, registry, isAway } = this.#options;
    const away = invitedSites(registry.get(jobId).state).filter(isAway);
    return { kind: 'round-opened', round, nowMs: clock.nowMs(), away };
  }

  async #aggregate(jobId: string, effect: AggregateEffect): Promise<JobEvent> {
    const { clock, jitter, log, registry } = this.#options;
    const { signal } = this.#stopping;
    const { round } = effect;
    const onRetry = (error: unknown) =>
      log.warn({ err: error, job: jobId, round }, 'averaging failed; trying again');
    try {
      const options = { clock, jitter, signal, isTransient: () => !signal.aborted, onRetry };
      const outcome = await retry(AGGREGATION_RETRY, options, () => this.#outcome(jobId, effect));
      const lastGain = await endOfPatience(registry.get(jobId), this.#options);
      const end = lastGain === undefined ? {} : { lastGain };
      return { kind: 'aggregated', round, ...outcome, ...end };
    } catch (error) {
      if (signal.aborted) throw error;
      log.error({ err: error, job: jobId, round }, 'averaging failed');
      return { kind: 'aggregation-failed', round };
    }
  }

  /** What the job's strategy makes of the round, once its bytes are durable. */
  async #outcome(
    jobId: string,
    { round, baseModel, baseState, statements }: AggregateEffect,
  ): Promise<RoundOutcome> {
    const { blobs, registry } = this.#options;
    const { strategy: spec, maxShare } = registry.get(jobId).state.plan;
    const files = new RoundFiles();
    try {
      const input: AggregationInput = {
        spec,
        base: await files.open(await blobs.path(baseModel)),
        serverState: baseState === null ? null : await files.open(await blobs.path(baseState)),
        updates: await this.#updates(jobId, round, statements, files),
        maxShare,
        spool: (source) => files.spool(blobs.draft(), this.#stoppable(source)),
      };
      const { model, serverState } = await aggregate(input);
      return {
        model: await this.#keep(model),
        serverState: serverState === null ? null : await this.#keep(serverState),
      };
    } finally {
      await files.close();
    }
  }

  async #updates(
    jobId: string,
    round: number,
    statements: readonly Sha256[],
    files: RoundFiles,
  ): Promise<SiteUpdate[]> {
    const { store, blobs } = this.#options;
    const frozen = new Set(statements);
    const accepted = (await store.updates(jobId, round)).filter(({ statementSha256 }) =>
      frozen.has(statementSha256),
    );
    assert(accepted.length === statements.length, 'every accepted statement has its row');
    const updates: SiteUpdate[] = [];
    for (const { site, weight, localSteps, deltaSha256 } of accepted) {
      assert(deltaSha256 !== null, 'an update of a training round has a delta');
      const delta = this.#stoppableReader(await files.delta(() => blobs.path(deltaSha256)));
      updates.push({ site, weight, delta, localSteps });
    }
    return updates;
  }

  #keep(source: TensorSource): Promise<Sha256> {
    return this.#options.blobs.create(
      async (path) => (await writeWeightsFile(path, this.#stoppable(source))).sha256,
    );
  }

  /** Ends an aggregation at its next slice when the coordinator stops. */
  #stoppable(source: TensorSource): TensorSource {
    return { tensors: source.tensors, ...this.#stoppableReader(source) };
  }

  #stoppableReader(reader: TensorReader): TensorReader {
    const { signal } = this.#stopping;
    return {
      read: (...slice) => {
        signal.throwIfAborted();
        return reader.read(...slice);
      },
    };
  }
}
