import { existsSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import type { Clock } from '@fedvox/base';
import type { Logger } from '@fedvox/base/system';
import {
  filesOf,
  findOnlySeries,
  type Grid,
  isVolumeName,
  type LabelMap,
  preprocess,
  probabilitiesToGrid,
  readVolume,
  type SeriesRules,
  seriesReference,
  writeDicomSeg,
  writeNifti,
} from '@fedvox/imaging';
import type { Job } from '@fedvox/job';
import { aboutCase } from '../about-case.js';
import { openModel } from '../bundle/saved-model.js';
import { selectEngine } from '../engine/engine.js';
import type { EngineName, EngineSettings } from '../engine/settings.js';
import { voxelEngineOf } from '../engine/voxels.js';
import { fail } from '../errors.js';
import { predictProbabilities } from '../inference/probabilities.js';
import { Network } from '../networks/network.js';
import { requirementProblem } from './data-requirements.js';
import { checkRunnable } from './job-check.js';

export interface PredictInput extends EngineSettings {
  readonly job: Job;
  readonly modelPath: string;
  /** A NIfTI file, or a folder with one DICOM series. */
  readonly inputPath: string;
  /**
   * The label map on the grid of the input: `.nii`, `.nii.gz` or, for a DICOM series, `.dcm` for a
   * DICOM SEG that refers to it.
   */
  readonly outputPath: string;
  /** What is said of a series, as of a data set's: `volume`, `gantryTilt`, … */
  readonly rules?: SeriesRules;
  /** Segments a scan that the job's data requirements would refuse, too. */
  readonly force?: boolean;
  readonly engine: EngineName;
  readonly clock: Clock;
  readonly log: Logger;
}

export interface Prediction {
  /** Voxels by class name, background included. */
  readonly voxelsByClass: Readonly<Record<string, number>>;
}

/**
 * Segments one scan: preprocessed as the job says, predicted, and brought back to the scan's grid.
 * @throws FedvoxError `learning/output-kind`, `learning/output-is-input`, `learning/scan-outside-job`, `learning/model-of-another-job`,
 *   `learning/prediction-not-finite`; with the scan's path what is wrong with it
 */
export async function predictFile(input: PredictInput): Promise<Prediction> {
  const { job, modelPath, inputPath } = input;
  checkRunnable(job);
  await checkOutput(input);
  const weights = await openModel(modelPath, job);
  const original = await readVolume(inputPath, input.rules);
  await holdToJob(original, input);
  const voxels = voxelEngineOf(await selectEngine(input.engine, input));
  const network = Network.fromWeights(job, weights);
  try {
    const probabilities = await aboutCase(inputPath, () => {
      const { image } = preprocess({ image: original }, job.preprocess, voxels);
      return predictProbabilities(network, image, job.inference);
    });
    const labels = probabilitiesToGrid(probabilities, original, voxels);
    await writeLabels(labels, input);
    return { voxelsByClass: countVoxels(labels.data, job.classes) };
  } finally {
    network.dispose();
  }
}

/** What a prediction is written as; a SEG refers to the series that it was made of. */
const OUTPUT_NAME = /\.(nii|nii\.gz|dcm)$/i;

/** Before any work: that the output is a file that is written, and none that is read. */
async function checkOutput({ inputPath, outputPath, modelPath, rules }: PredictInput) {
  const isFile = isVolumeName(inputPath);
  const isSeg = /\.dcm$/i.test(outputPath);
  if (!OUTPUT_NAME.test(outputPath) || (isSeg && isFile)) {
    throw fail('output-kind', { outputPath, kinds: isFile ? FILE_KINDS : `${FILE_KINDS} or .dcm` });
  }
  if (!existsSync(outputPath)) return;
  const output = await stat(outputPath);
  const read = isFile ? [inputPath] : filesOf(await findOnlySeries(inputPath, rules));
  for (const path of [...read, modelPath]) {
    const { dev, ino } = await stat(path);
    if (dev === output.dev && ino === output.ino) throw fail('output-is-input', { outputPath });
  }
}

const FILE_KINDS = '.nii.gz or .nii';

/** A file of which nothing says what kind of scan it is is held to the spacing alone. */
async function holdToJob(grid: Grid, input: PredictInput): Promise<void> {
  const { job, inputPath, rules, force, log } = input;
  const isFile = isVolumeName(inputPath);
  const modality = isFile ? job.data.modality : (await findOnlySeries(inputPath, rules)).modality;
  const problem = requirementProblem({ caseId: inputPath, modality, grid }, job);
  if (problem === undefined) return;
  if (force !== true)
    throw fail('scan-outside-job', { reason: problem.message }, { cause: problem });
  log.warn({ reason: problem.message }, 'segmented all the same');
}

async function writeLabels(
  labels: LabelMap,
  { job, inputPath, outputPath, rules, clock }: PredictInput,
): Promise<void> {
  if (!/\.dcm$/i.test(outputPath)) return writeNifti(outputPath, labels);
  const reference = await seriesReference(await findOnlySeries(inputPath, rules));
  const segments = job.classes
    .map((label, value) => ({ value, label }))
    .filter(({ value }) => value > 0);
  const createdAt = new Date(clock.nowMs());
  await writeDicomSeg(outputPath, labels, segments, reference, {
    // Two predictions of one scan are two objects.
    identity: `prediction/${job.name}/${createdAt.toISOString()}`,
    createdAt,
    seriesDescription: 'Fedvox prediction',
  });
}

function countVoxels(labels: Uint8Array, classes: readonly string[]): Record<string, number> {
  const counts = new Array<number>(classes.length).fill(0);
  for (const label of labels) counts[label] = (counts[label] as number) + 1;
  return Object.fromEntries(classes.map((name, index) => [name, counts[index] as number]));
}
