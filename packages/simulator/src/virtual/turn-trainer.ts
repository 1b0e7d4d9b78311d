import { stat } from 'node:fs/promises';
import type { Delta, Trainer, WorkOrder, WorkProgress, WorkResult } from '@fedvox/agent';
import type { TrainerSetup, Workplace } from '@fedvox/agent/trainer';
import { type Clock, errorText, isFedvoxError } from '@fedvox/base';
import { WeightsFile, writeWeightsFile } from '@fedvox/weights/files';
import { fail } from '../errors.js';
import { type SitePace, type WorkDone, workMs } from '../scenario/site-pace.js';
import type { EngineTurns } from './engine-turns.js';
import type { Eyes } from './site-eyes.js';

export interface TurnTrainerOptions {
  readonly setup: Omit<TrainerSetup, 'cacheDir'>;
  readonly workplace: Omit<Workplace, 'onProgress' | 'reader'>;
  /** Instead of scans and an engine. */
  readonly surrogate?: ((order: WorkOrder) => Promise<WorkResult>) | undefined;
  readonly turns: EngineTurns;
  /** The virtual one. */
  readonly clock: Clock;
  readonly pace: SitePace;
  /** Of a round: how much longer its work takes, and by what its delta is multiplied. */
  readonly latenessMs: (round: number) => number;
  readonly poison: (round: number) => number;
  /** How it sees its cases in that round. */
  readonly eyesOf: (round: number) => Eyes;
}

/**
 * Does a site's work in this process, when the engine is free, and lets as much virtual time pass for it as it
 * would take at that site.
 */
export class TurnTrainer implements Trainer {
  readonly #options: TurnTrainerOptions;

  constructor(options: TurnTrainerOptions) {
    this.#options = options;
  }

  async run(
    order: WorkOrder,
    signal: AbortSignal,
    onProgress: (progress: WorkProgress) => void,
  ): Promise<WorkResult> {
    const { turns, clock, pace, latenessMs } = this.#options;
    const result = await turns.take(() => this.#work(order, onProgress));
    const round = roundOf(order);
    await clock.sleep(workMs(pace, await doneOf(order, result)) + latenessMs(round), signal);
    return result;
  }

  async close(): Promise<void> {
    await this.#options.turns.idle();
  }

  async #work(order: WorkOrder, onProgress: (progress: WorkProgress) => void): Promise<WorkResult> {
    const { setup, workplace, surrogate, poison } = this.#options;
    try {
      const result = await (surrogate?.(order) ?? this.#train(order, onProgress));
      if (order.work.kind !== 'train' || result.kind !== 'measured') return result;
      const factor = poison(order.work.round);
      if (factor === 1 || result.delta === null) return result;
      return { ...result, delta: await bend(order.deltaPath, factor) };
    } catch (error) {
      if (isFedvoxError(error) || workplace.signal?.aborted) throw error;
      throw fail(
        'training-failed',
        { site: setup.site, reason: errorText(error) },
        { cause: error },
      );
    }
  }

  async #train(
    order: WorkOrder,
    onProgress: (progress: WorkProgress) => void,
  ): Promise<WorkResult> {
    // Heavy: only where something is trained.
    const { runOrder } = await import('@fedvox/agent/trainer');
    const { setup, workplace, eyesOf } = this.#options;
    const { reader, cacheDir } = eyesOf(roundOf(order));
    return runOrder({ ...setup, cacheDir }, order, { ...workplace, reader, onProgress });
  }
}

const roundOf = ({ work }: WorkOrder) => (work.kind === 'check-data' ? 0 : work.round);

async function doneOf({ baseModelPath }: WorkOrder, result: WorkResult): Promise<WorkDone> {
  const down = baseModelPath === undefined ? 0 : (await stat(baseModelPath)).size;
  if (result.kind === 'checked') return { steps: 0, cases: result.validationCases, bytes: down };
  const { localSteps: steps = 0, validationCases: cases, delta } = result;
  return { steps, cases, bytes: down + (delta?.byteLength ?? 0) };
}

/** Multiplies a delta where it lies. */
async function bend(path: string, factor: number): Promise<Delta> {
  const file = await WeightsFile.open(path);
  try {
    const { tensors } = file;
    const read = async (name: string, from: number, to: number) =>
      (await file.read(name, from, to)).map((value) => value * factor);
    return await writeWeightsFile(path, { tensors, read });
  } finally {
    await file.close();
  }
}
