import type { Clock } from '@fedvox/base';
import type { Logger } from '@fedvox/base/system';
import { type FoundScan, type Grid, readCase } from '@fedvox/imaging';
import type { Job } from '@fedvox/job';
import { aboutCase } from '../about-case.js';
import { fail } from '../errors.js';
import { requirementProblem } from './data-requirements.js';
import { checkOutputKind, isReplaced, writePrediction } from './prediction-output.js';
import type { ReadyModel } from './ready-model.js';

/** What is asked of every scan that a model is applied to. */
export interface PredictionRules {
  readonly job: Job;
  /** Takes a scan that the job's data requirements would refuse, too. */
  readonly force?: boolean;
  readonly clock: Clock;
  readonly log: Logger;
}

export interface Prediction {
  /** Voxels by class name, background included. */
  readonly voxelsByClass: Readonly<Record<string, number>>;
  /** Whether there was a file of the output's name before. */
  readonly replaced: boolean;
}

/**
 * Asserts, before anything is read or computed for it, that a prediction can be wanted and written. Whatever has
 * to be said of the scan is logged.
 * @param isRead whether a path is of what predictions are made of
 * @returns whether a file will be replaced
 * @throws FedvoxError `learning/output-kind`, `learning/output-is-input`, `learning/scan-outside-job`
 */
export async function checkPrediction(
  scan: FoundScan,
  outputPath: string,
  rules: PredictionRules,
  isRead: (path: string) => Promise<boolean>,
): Promise<boolean> {
  checkOutputKind(outputPath, scan);
  const replaced = await isReplaced(outputPath, isRead);
  checkScan(scan, rules);
  return replaced;
}

/** Logs whatever has to be said of a scan. @throws FedvoxError `learning/scan-outside-job` */
export function checkScan(scan: FoundScan, { job, force, log }: PredictionRules): void {
  for (const notice of scan.notices) log.warn(notice, 'said of a scan that is used');
  const problem = requirementProblem(knownOf(scan, job), job);
  if (problem === undefined) return;
  if (force !== true) {
    throw fail('scan-outside-job', { reason: problem.message }, { cause: problem });
  }
  log.warn({ reason: problem.message }, 'predicted all the same');
}

/**
 * Segments one scan and writes the label map.
 * @throws FedvoxError what is wrong with the scan, and as `ReadyModel`
 */
export async function predictScan(
  model: ReadyModel,
  scan: FoundScan,
  outputPath: string,
  { job, clock }: PredictionRules,
): Promise<Prediction['voxelsByClass']> {
  const { ref, what } = scan;
  const labels = await aboutCase(what, async () => {
    const { image } = await readCase(ref, []);
    return model.segment(image, ownGrid(scan));
  });
  await writePrediction(outputPath, labels, scan, job, new Date(clock.nowMs()));
  return countVoxels(labels.data, job.classes);
}

/** A file keeps its grid, though it be read resampled; a SEG needs one at right angles. */
function ownGrid({ ref: { source, grid } }: FoundScan): Grid {
  return source.kind === 'file' ? (source.shearedGrid ?? grid) : grid;
}

/** A file of which nothing says what kind of scan it is is held to the spacing alone. */
function knownOf({ what, ref, format }: FoundScan, job: Job) {
  const modality = format === 'dicom' ? ref.modality : job.data.modality;
  return { caseId: what, modality, grid: ref.grid };
}

function countVoxels(labels: Uint8Array, classes: readonly string[]): Record<string, number> {
  const counts = new Array<number>(classes.length).fill(0);
  for (const label of labels) counts[label] = (counts[label] as number) + 1;
  return Object.fromEntries(classes.map((name, index) => [name, counts[index] as number]));
}
