import type { Clock, FedvoxError } from '@fedvox/base';
import type { Logger } from '@fedvox/base/system';
import { refusalCode } from '@fedvox/protocol';
import type { Store } from '../store/store.js';
import type { ChangeSignal } from './change-signal.js';
import type { JobRegistry } from './job-registry.js';

/** One site's refusals of one kind are written this often at most; those between are added to the next. */
const WRITE_EVERY_MS = 10_000;
/** Kinds that are kept apart in memory; beyond it, the counts begin anew. */
const MAX_KINDS = 10_000;
/** Ways of an upload that goes on or was done before: nothing that the site sent was turned away. */
const NO_REFUSALS: readonly string[] = [
  'replayed-statement',
  'upload-unknown',
  'upload-offset-wrong',
  'delta-truncated',
];

export interface RefusedUpdatesOptions {
  readonly registry: Pick<JobRegistry, 'find'>;
  readonly store: Pick<Store, 'addRefusal'>;
  readonly changes: Pick<ChangeSignal, 'changed'>;
  readonly onRefused: (reason: string) => void;
  readonly clock: Clock;
  readonly log: Logger;
}

interface Pending {
  readonly round: number;
  readonly writtenAtMs: number;
  readonly times: number;
}

/**
 * What was turned away of a job's updates: by site and reason how often and when last, and a fact for
 * the first of each round. A site that sends without end costs a row, and a write now and then; a crash
 * forgets counts of the last seconds, and no reason.
 */
export class RefusedUpdates {
  readonly #options: RefusedUpdatesOptions;
  readonly #pending = new Map<string, Pending>();

  constructor(options: RefusedUpdatesOptions) {
    this.#options = options;
  }

  /** Of a statement whose signature holds. Durable when it resolves, but for what is only counted. */
  async note(job: string, site: string, error: FedvoxError): Promise<void> {
    const reason = refusalCode(error);
    if (reason === undefined || NO_REFUSALS.includes(reason)) return;
    const { registry, store, changes, onRefused, clock, log } = this.#options;
    onRefused(reason);
    const state = registry.find(job)?.state;
    if (state === undefined) return;
    const round = state.activity.kind === 'gate' ? 0 : state.activity.round.number;
    const key = `${job} ${site} ${reason}`;
    const atMs = clock.nowMs();
    const before = this.#pending.get(key);
    const times = (before?.times ?? 0) + 1;
    if (before?.round === round && atMs - before.writtenAtMs < WRITE_EVERY_MS) {
      this.#pending.set(key, { ...before, times });
      return;
    }
    if (this.#pending.size >= MAX_KINDS) this.#pending.clear();
    this.#pending.set(key, { round, writtenAtMs: atMs, times: 0 });
    try {
      const isNews = await store.addRefusal({ jobId: job, site, reason, round, times, atMs });
      if (isNews) changes.changed([]);
    } catch (failure) {
      // The site is told of its refusal all the same.
      log.error({ err: failure, job, site, reason }, 'a refused update could not be recorded');
    }
  }
}
