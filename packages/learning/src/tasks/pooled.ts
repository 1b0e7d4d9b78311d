import { rm } from 'node:fs/promises';
import { type Sha256, sha256 } from '@fedvox/base';
import { isThere } from '@fedvox/base/system';
import {
  isBetter,
  type Job,
  jobDigest,
  METRICS,
  plateauCuts,
  samplesOf,
  scheduledPart,
} from '@fedvox/job';
import type { Weights } from '@fedvox/weights';
import type { WrittenWeights } from '../bundle/model-file.js';
import { saveModel } from '../bundle/saved-model.js';
import { selectEngine } from '../engine/engine.js';
import { voxelEngineOf } from '../engine/voxels.js';
import { fail } from '../errors.js';
import type { Evaluation } from '../evaluation/evaluate-cases.js';
import { initialModel, Network } from '../networks/network.js';
import {
  type Checkpoint,
  readCheckpoint,
  restoreOptimizer,
  writeCheckpoint,
} from '../training/checkpoint.js';
import { optimizerOf } from '../training/optimizers.js';
import type { TrainingPlace } from '../training/train-epochs.js';
import { checkJob } from './job-check.js';
import { evaluateOn } from './round.js';
import { divideSites, type SeveralSites } from './several-sites.js';
import type { SiteCase } from './site-data.js';
import { trainingEpochs, withPreparer } from './training-epochs.js';

export interface PooledOptions {
  readonly epochs: number;
  /** The best model so far, always whole; what was there before stays until then. */
  readonly output: string;
  /** Where the training goes on from if it is cut off; it starts anew where absent. */
  readonly checkpoint?: CheckpointOptions;
  /** It ends early once so many epochs, one after the other, were none the best. */
  readonly patience?: number;
  /** The next epoch waits for it. */
  readonly onEpoch?: (report: EpochReport) => Promise<void> | void;
}

export interface CheckpointOptions {
  /** Written after every epoch, gone when the training has ended. */
  readonly path: string;
  /** Also within epochs, after so many steps of the optimizer; as the job's rounds have it where absent. */
  readonly everySteps?: number;
  /** Whether to go on from the one that is there. */
  readonly resume: boolean;
  readonly onResume?: (
    place: TrainingPlace,
    reports: readonly EpochReport[],
  ) => Promise<void> | void;
}

export interface EpochReport {
  /** From 1. */
  readonly epoch: number;
  readonly meanLoss: number;
  /** Of its last step; absent of an epoch that an older version trained. */
  readonly learningRate?: number;
  /** Volumes, or patches of them, that training alone took in a second; validation is not counted. */
  readonly volumesPerSecond: number;
  /** Part of the training, 0 to 1, in which no step ran because its data was not there yet. */
  readonly dataWaitFraction: number;
  readonly evaluation: Evaluation;
}

export interface PooledResult {
  /** Fewer than were asked for where patience ended it. */
  readonly epochs: readonly EpochReport[];
  /** Null where no epoch was measured to be anything: `unmeasured` then says why. */
  readonly best: SavedEpoch | null;
  readonly unmeasured?: Unmeasured;
}

export interface SavedEpoch extends WrittenWeights {
  readonly epoch: number;
  readonly path: string;
}

/** The last epoch's model, kept beside the place of the best one, so that the training is not lost. */
export interface Unmeasured extends SavedEpoch {
  readonly why: NoFigure;
}

/** Why no epoch is the best: the metric is undefined in all of them, or nothing was found in any. */
export type NoFigure = 'undefined' | 'nothing-found';

/**
 * The same training without a federation: every epoch over the training cases of all data sets, then
 * validation, then a model file if the job's metric has improved. The last epoch is a candidate too.
 * The job's `localEpochs` does not matter here; its schedule goes over the epochs as over rounds. Cut off and resumed it ends in the same bytes, on the same engine.
 * @throws FedvoxError `learning/checkpoint-unreadable`, `learning/checkpoint-there`, `learning/checkpoint-of-another`
 */
export function trainPooled(input: SeveralSites, options: PooledOptions): Promise<PooledResult> {
  return withPreparer(input, (prepared) => trainedPooled(prepared, options));
}

async function trainedPooled(input: SeveralSites, options: PooledOptions): Promise<PooledResult> {
  const { job, clock } = input;
  checkJob(job);
  const begun = await beginning(options);
  const voxels = voxelEngineOf(await selectEngine(input.engine, input));
  const { train, validation } = await divideSites(input, voxels);
  const of = await trainingDigest(job, options.epochs, [train, validation]);
  if (begun !== undefined && begun.of !== of) {
    throw fail('checkpoint-of-another', { path: begun.path });
  }
  const network = Network.fromWeights(job, begun?.weights ?? initialModel(job));
  const optimizer = optimizerOf(job.training.optimizer);
  const record = new PooledRecord(job, options);
  try {
    if (begun !== undefined) {
      await restoreOptimizer(optimizer, network, begun.optimizer);
      await record.restore(begun);
    }
    const keep = async (place: TrainingPlace) => {
      if (options.checkpoint === undefined) return;
      const { path } = options.checkpoint;
      await writeCheckpoint(path, network, optimizer, { of, place, ...record.state });
    };
    const samples = samplesOf(train.length, job.training.patches);
    const { checkpointEvery = Number.POSITIVE_INFINITY } = job.training;
    const { everySteps = checkpointEvery } = options.checkpoint ?? {};
    const ratePart = ratePartOf(job, options.epochs, samples, () => record.rateCuts);
    const training = trainingEpochs(input, 'pooled', network, voxels, train, options.epochs, {
      optimizer,
      from: begun?.place,
      ratePart,
      onStep: async (place) => {
        if ((place.stepsBefore + place.steps) % everySteps === 0) await keep(place);
      },
    });
    let casesBefore = begun?.place.cases ?? 0;
    let startedMs = clock.nowMs();
    if (!record.isOver) {
      for await (const { next, ...summary } of training) {
        const seconds = (clock.nowMs() - startedMs) / 1000;
        const evaluation = await evaluateOn(input, { validation }, network, voxels);
        const volumesPerSecond = (samples - casesBefore) / seconds;
        const { learningRate: whole } = job.training.optimizer;
        const learningRate = whole * (ratePart?.(next.stepsBefore - 1) ?? 1);
        await record.add({ ...summary, learningRate, volumesPerSecond, evaluation }, network);
        await keep(next);
        if (record.isOver) break;
        [casesBefore, startedMs] = [0, clock.nowMs()];
      }
    }
    const result = await record.result(network);
    if (options.checkpoint !== undefined) await rm(options.checkpoint.path, { force: true });
    return result;
  } finally {
    optimizer.dispose();
    network.dispose();
  }
}

/** Of all that decides about a training's bytes but the engine. */
async function trainingDigest(
  job: Job,
  epochs: number,
  cases: readonly (readonly SiteCase[])[],
): Promise<Sha256> {
  const keys = cases.map((part) => Promise.all(part.map(({ contentKey }) => contentKey())));
  const length = job.training.schedule === undefined ? null : epochs;
  return sha256(JSON.stringify([jobDigest(job), length, ...(await Promise.all(keys))]));
}

/**
 * Which part of its learning rate a step has, by its number from 0: an epoch stands for a round, and the
 * steps of all epochs for the local steps of all rounds.
 */
function ratePartOf(
  { training: { schedule, batchSize, accumulate = 1 } }: Job,
  epochs: number,
  samples: number,
  rateCuts: () => number,
): ((step: number) => number) | undefined {
  if (schedule === undefined) return undefined;
  const ofEpoch = Math.ceil(samples / (batchSize * accumulate));
  if (schedule.over === 'steps') return (step) => scheduledPart(schedule, step, epochs * ofEpoch);
  return (step) => scheduledPart(schedule, Math.floor(step / ofEpoch), epochs, rateCuts());
}

/** Undefined where it begins anew. */
async function beginning({ checkpoint }: PooledOptions) {
  if (checkpoint === undefined) return undefined;
  const { path, resume } = checkpoint;
  if (resume) return readCheckpoint(path);
  if (await isThere(path)) throw fail('checkpoint-there', { path });
  return undefined;
}

/** What is written down of a training's epochs. */
interface Notes {
  readonly reports: readonly EpochReport[];
  readonly bestEpoch: number | null;
}

class PooledRecord {
  readonly #job: Job;
  readonly #options: PooledOptions;
  #reports: EpochReport[] = [];
  #best: SavedEpoch | null = null;
  #bestWeights: Weights = new Map();

  constructor(job: Job, options: PooledOptions) {
    this.#job = job;
    this.#options = options;
  }

  get state(): { readonly notes: Notes; readonly best: Weights } {
    const notes = { reports: this.#reports, bestEpoch: this.#best?.epoch ?? null };
    return { notes, best: this.#bestWeights };
  }

  /** The best model is written again: that of a later epoch may be there, which is trained once more. */
  async restore({ notes, best, place }: Checkpoint): Promise<void> {
    const { reports, bestEpoch } = notes as Notes;
    this.#reports = [...reports];
    if (bestEpoch !== null) await this.#save(bestEpoch, best);
    await this.#options.checkpoint?.onResume?.(place, reports);
  }

  /** By which a plateau of the epochs so far has lowered the learning rate. */
  get rateCuts(): number {
    const { training, evaluation } = this.#job;
    if (training.schedule?.kind !== 'plateau') return 0;
    const figures = this.#reports.map((report) => report.evaluation[evaluation.bestBy]);
    return plateauCuts(training.schedule, evaluation.bestBy, figures);
  }

  /** Whether patience has ended the training. */
  get isOver(): boolean {
    const { patience = Number.POSITIVE_INFINITY } = this.#options;
    return this.#reports.length - (this.#best?.epoch ?? 0) >= patience;
  }

  /** Saves the network where its epoch is the best. */
  async add(report: EpochReport, network: Network): Promise<void> {
    const { epoch, evaluation } = report;
    const incumbent = this.#best === null ? undefined : this.#reports[this.#best.epoch - 1];
    if (isImprovement(this.#job, evaluation, incumbent?.evaluation)) {
      await this.#save(epoch, await network.weights());
    }
    this.#reports.push(report);
    await this.#options.onEpoch?.(report);
  }

  async #save(epoch: number, weights: Weights): Promise<void> {
    const { output: path } = this.#options;
    this.#best = { epoch, path, ...(await saveModel(path, this.#job, weights)) };
    this.#bestWeights = weights;
  }

  async result(network: Network): Promise<PooledResult> {
    const [epochs, best] = [this.#reports, this.#best];
    if (best !== null) return { epochs, best };
    const path = unmeasuredPath(this.#options.output);
    const written = await saveModel(path, this.#job, await network.weights());
    const { bestBy } = this.#job.evaluation;
    const isDefined = epochs.some(({ evaluation }) => evaluation[bestBy] !== null);
    const why = isDefined ? 'nothing-found' : 'undefined';
    return { epochs, best, unmeasured: { epoch: epochs.length, path, why, ...written } };
  }
}

function unmeasuredPath(output: string): string {
  return `${output.replace(/\.safetensors$/, '')}.unmeasured.safetensors`;
}

/** A figure is needed to be the best, and one of a model that found nothing is none. The first of equals counts. */
function isImprovement(
  { evaluation }: Job,
  candidate: Evaluation,
  incumbent?: Evaluation,
): boolean {
  const { bestBy } = evaluation;
  const figure = candidate[bestBy];
  if (figure === null || figure === METRICS[bestBy].nothingFound) return false;
  const best = incumbent?.[bestBy] ?? null;
  return best === null || isBetter(bestBy, figure, best);
}
