import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { isFedvoxError, type Sha256, sha256 } from '@fedvox/base';
import { type Logger, makeFolderDurably } from '@fedvox/base/system';
import { jobDigest } from '@fedvox/job';
import type { FusedOptimizer } from '@fedvox/tfjs-backend-torch';
import { encodeWeights, type Weights } from '@fedvox/weights';
import type { Network } from '../networks/network.js';
import { type Checkpoint, readCheckpoint, writeCheckpoint } from '../training/checkpoint.js';
import type { StepTerms } from '../training/gradient-terms.js';
import type { TrainingPlace } from '../training/train-epochs.js';
import type { TrainingInput } from './input.js';
import type { SiteCase } from './site-data.js';

/** A training within a round, by all that decides about its bytes but the engine. */
export interface TrainedWithin {
  readonly input: TrainingInput;
  /** From 1. */
  readonly round: number;
  /** What it begins with. */
  readonly from: Weights;
  readonly terms: StepTerms;
  readonly cases: readonly SiteCase[];
}

/** Where a training within a round is written down, in a file that is bound to it: what is of another is dropped. */
export class RoundCheckpoint {
  readonly #path: string;
  readonly #of: Sha256;
  readonly #everySteps: number;
  readonly #log: Logger;

  private constructor(path: string, of: Sha256, everySteps: number, log: Logger) {
    this.#path = path;
    this.#of = of;
    this.#everySteps = everySteps;
    this.#log = log;
  }

  /**
   * @param name of the training: a round may have several
   * @returns undefined where the job or the site wants none
   */
  static async open(name: string, training: TrainedWithin): Promise<RoundCheckpoint | undefined> {
    const { checkpointDir, job, log } = training.input;
    const { checkpointEvery } = job.training;
    if (checkpointDir === undefined || checkpointEvery === undefined) return undefined;
    await makeFolderDurably(checkpointDir);
    const path = join(checkpointDir, `${name}.safetensors`);
    return new RoundCheckpoint(path, await digestOf(training), checkpointEvery, log);
  }

  /** What this very training left; undefined where it begins anew. */
  async read(): Promise<Checkpoint | undefined> {
    try {
      const found = await readCheckpoint(this.#path);
      if (found === undefined || found.of === this.#of) return found;
      this.#log.info({ path: this.#path }, 'a checkpoint of another training was dropped');
    } catch (error) {
      if (!isFedvoxError(error, 'learning/checkpoint-unreadable')) throw error;
      this.#log.warn({ err: error }, 'a damaged checkpoint was dropped; the round begins anew');
    }
    await rm(this.#path, { force: true });
    return undefined;
  }

  /** Writes it down where its time has come. */
  async note(network: Network, optimizer: FusedOptimizer, place: TrainingPlace): Promise<void> {
    if ((place.stepsBefore + place.steps) % this.#everySteps !== 0) return;
    const about = { of: this.#of, place, notes: null, best: new Map() };
    await writeCheckpoint(this.#path, network, optimizer, about);
  }
}

async function digestOf({ input, round, from, terms, cases }: TrainedWithin): Promise<Sha256> {
  const { job, seedLabel, rateCuts = 0 } = input;
  const weights = [from, terms.proximal?.origin, terms.correction].map(
    (each) => each && sha256(encodeWeights(each)),
  );
  const keys = await Promise.all(cases.map(({ contentKey }) => contentKey()));
  return sha256(JSON.stringify([jobDigest(job), seedLabel, round, rateCuts, weights, keys]));
}
