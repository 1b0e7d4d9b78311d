import { mkdir, readdir, rm } from 'node:fs/promises';
import { ENCODING_TERMS, type Job, PLAIN, type SiteNeeds, STRATEGY_TERMS } from '@fedvox/job';
import type { Task } from '../core/task.js';
import type { Delta, WorkOrder } from '../core/trainer.js';
import { fail } from '../errors.js';
import type { KeptRounds } from '../state/kept-rounds.js';

/** As a strategy keeps, or what was left of accepted updates, which is of no more use in the last round. */
type Kept = { readonly keeps: SiteNeeds['keeps'] | 'residual' };

export function keptOf({ federation: { strategy, encoding = PLAIN } }: Job): Kept {
  const { keeps }: SiteNeeds = STRATEGY_TERMS[strategy.kind].needs;
  const isResidual = keeps === 'nothing' && ENCODING_TERMS[encoding.kind].keepsResidual;
  return { keeps: isResidual ? 'residual' : keeps };
}

/** What a job keeps at the site, for its strategy or its encoding, around a piece of work: found before it, put in its place after it. */
export class Keeping {
  readonly #kept: KeptRounds;
  /** Where work leaves what it keeps. */
  readonly #folder: string;

  constructor(kept: KeptRounds, folder: string) {
    this.#kept = kept;
    this.#folder = folder;
  }

  /** @throws FedvoxError `agent/kept-out-of-step` where a round would build on another than the one before */
  async begin({ job, work }: Task, { keeps }: Kept): Promise<WorkOrder['kept']> {
    if (keeps === 'nothing' || work.kind === 'check-data') return undefined;
    const { round } = work;
    const before = await this.#kept.before(job, round);
    const isBroken = before !== null && !(before.isAccepted && before.round === round - 1);
    if (keeps === 'every-round' && work.kind === 'train' && isBroken) {
      throw fail('kept-out-of-step', { job, round, kept: before.round });
    }
    await rm(this.#folder, { recursive: true, force: true });
    await mkdir(this.#folder, { mode: 0o700 });
    const accepted = await this.#kept.acceptedBefore(job, round);
    return {
      before: before?.folder ?? null,
      accepted: accepted?.folder ?? null,
      after: this.#folder,
    };
  }

  /** Durable before the answer can be sent: the next round builds on it. */
  async end({ job, work }: Task, { keeps }: Kept, delta: Delta | null): Promise<void> {
    if (keeps === 'nothing' || work.kind === 'check-data') return;
    if ((await readdir(this.#folder)).length > 0) {
      const about = { baseModel: work.baseModel, delta: delta?.sha256 ?? null };
      await this.#kept.put(job, work.round, about, this.#folder);
    }
    // The last round: what served to train is of no more use.
    if (keeps !== 'latest' && work.kind === 'evaluate') await this.#kept.forget(job);
  }
}
