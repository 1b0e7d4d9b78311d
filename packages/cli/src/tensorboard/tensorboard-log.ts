import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Clock } from '@fedvox/base';
import { randomId } from '@fedvox/base/system';
import { METRIC_NAMES } from '@fedvox/job';
import type { EpochReport, Progress } from '@fedvox/learning';
import { prepareOutput } from '../output-file.js';
import { eventRecord, type TrainingEvent } from './event-records.js';

/**
 * A training as TensorBoard shows it, in an event file of its own: the loss of every batch, and of every epoch its mean,
 * the learning rate and what validation found. Steps are batches, from 1. A training that goes on writes another file,
 * which takes the place of what an earlier one wrote of the same batches and of later ones.
 */
export class TensorBoardLog {
  readonly #path: string;
  readonly #clock: Clock;
  #isBegun = false;
  /** Batches so far. */
  #step = 0;

  private constructor(path: string, clock: Clock) {
    this.#path = path;
    this.#clock = clock;
  }

  /**
   * @param folder made if need be
   * @throws FedvoxError `cli/folder-unwritable`, `cli/output-unwritable`
   */
  static async in(folder: string, clock: Clock): Promise<TensorBoardLog> {
    const seconds = String(Math.floor(clock.nowMs() / 1_000)).padStart(10, '0');
    // Files are read in the order of their names.
    const path = join(folder, `events.out.tfevents.${seconds}.fedvox.${randomId()}`);
    await prepareOutput(path);
    return new TensorBoardLog(path, clock);
  }

  /** Every batch of a training; of other work nothing. */
  batch({ phase, done, total, epoch = 1, loss }: Progress): void {
    if (phase !== 'training' || loss === undefined) return;
    this.#step = (epoch - 1) * total + done;
    if (!this.#isBegun) {
      this.#write({ kind: 'version' }, { kind: 'start', step: this.#step });
      this.#isBegun = true;
    }
    this.#write({ kind: 'scalars', step: this.#step, values: { 'loss/batch': loss } });
  }

  /** Once all of its batches are told. */
  epoch({ epoch, meanLoss, learningRate, volumesPerSecond, evaluation }: EpochReport): void {
    const { perClass, caseClasses } = evaluation;
    const figures = [
      ...METRIC_NAMES.map((metric) => [`validation/${metric}`, evaluation[metric]] as const),
      ...perClass.map(({ name, dice }) => [`validation/dice/${name}`, dice] as const),
      ...(caseClasses?.perClass ?? []).map(
        ({ name, auc }) => [`validation/auc/${name}`, auc] as const,
      ),
      ['learning_rate', learningRate ?? null] as const,
    ];
    const known = figures.flatMap(([tag, value]) => (value === null ? [] : [[tag, value]]));
    const values = {
      ...{ epoch, 'loss/epoch': meanLoss, volumes_per_second: volumesPerSecond },
      ...Object.fromEntries(known),
    };
    this.#write({ kind: 'scalars', step: this.#step, values });
  }

  #write(...events: readonly TrainingEvent[]): void {
    for (const event of events) {
      appendFileSync(this.#path, eventRecord(event, this.#clock.nowMs()));
    }
  }
}
