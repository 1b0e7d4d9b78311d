import { mkdir, readdir, rm } from 'node:fs/promises';
import type { SiteNeeds } from '@fedvox/job';
import type { Task } from '../core/task.js';
import type { Delta, WorkOrder } from '../core/trainer.js';
import { fail } from '../errors.js';
import type { KeptRounds } from '../state/kept-rounds.js';

/** What a strategy keeps at the site, around a piece of work: found before it, put in its place after it. */
export class Keeping {
  readonly #kept: KeptRounds;
  /** Where work leaves what it keeps. */
  readonly #folder: string;

  constructor(kept: KeptRounds, folder: string) {
    this.#kept = kept;
    this.#folder = folder;
  }

  /** @throws FedvoxError `agent/kept-out-of-step` where a round would build on another than the one before */
  async begin({ job, work }: Task, { keeps }: SiteNeeds): Promise<WorkOrder['kept']> {
    if (keeps === 'nothing' || work.kind === 'check-data') return undefined;
    const { round } = work;
    const before = await this.#kept.before(job, round);
    const isBroken = before !== null && !(before.isAccepted && before.round === round - 1);
    if (keeps === 'every-round' && work.kind === 'train' && isBroken) {
      throw fail('kept-out-of-step', { job, round, kept: before.round });
    }
    await rm(this.#folder, { recursive: true, force: true });
    await mkdir(this.#folder, { mode: 0o700 });
    return { before: before?.folder ?? null, after: this.#folder };
  }

  /** Durable before the answer can be sent: the next round builds on it. */
  async end({ job, work }: Task, { keeps }: SiteNeeds, delta: Delta | null): Promise<void> {
    if (keeps === 'nothing' || work.kind === 'check-data') return;
    if ((await readdir(this.#folder)).length > 0) {
      const about = { baseModel: work.baseModel, delta: delta?.sha256 ?? null };
      await this.#kept.put(job, work.round, about, this.#folder);
    }
    // The last round: what served to train is of no more use.
    if (keeps === 'every-round' && work.kind === 'evaluate') await this.#kept.forget(job);
  }
}
