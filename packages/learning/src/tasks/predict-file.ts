import { filesOf, findOnlyScan, type ScanRules } from '@fedvox/imaging';
import { checkRunnable } from './job-check.js';
import {
  checkPrediction,
  type Prediction,
  type PredictionRules,
  predictScan,
} from './predict-scan.js';
import { sameFileTest } from './prediction-output.js';
import { type ModelInput, readyModel } from './ready-model.js';

export interface PredictInput extends ModelInput, PredictionRules {
  /** A NIfTI or NRRD file, or a folder with one scan. */
  readonly inputPath: string;
  /**
   * The label map on the grid of the input: `.nii`, `.nii.gz`, `.nrrd` or, for a DICOM series, `.dcm` for a
   * DICOM SEG that refers to it.
   */
  readonly outputPath: string;
  /** What is said of scans, as of a data set's: `volume`, `gantryTilt`, … */
  readonly rules?: ScanRules;
}

/**
 * Segments one scan.
 * @throws FedvoxError as `findOnlyScan`, `checkPrediction`, `readyModel` and `predictScan`
 */
export async function predictFile(input: PredictInput): Promise<Prediction> {
  const { job, inputPath, outputPath, rules } = input;
  checkRunnable(job);
  const scan = await findOnlyScan(inputPath, rules);
  const isRead = sameFileTest([...filesOf(scan.ref), input.modelPath]);
  const replaced = await checkPrediction(scan, outputPath, input, isRead);
  const model = await readyModel(input);
  try {
    return { voxelsByClass: await predictScan(model, scan, outputPath, input), replaced };
  } finally {
    model.dispose();
  }
}
