import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { type FoundScan, filesOf, type Refusal, refusalOf } from '@fedvox/imaging';
import { fail } from '../errors.js';
import { everyScan, type ScanPaths } from './every-scan.js';
import {
  checkPrediction,
  type Prediction,
  type PredictionRules,
  predictScan,
} from './predict-scan.js';
import { endingFor, sameFileTest } from './prediction-output.js';
import { type ModelInput, readyModel } from './ready-model.js';

export interface PredictScansInput extends ModelInput, PredictionRules, ScanPaths {
  /** Each label map goes to its scan's place here, as seen from all inputs; what lies here is no scan. */
  readonly outputFolder: string;
  /** Is told of each scan as it is done with, and how many are left. */
  readonly onScan?: (outcome: ScanOutcome, left: number) => void;
}

export type ScanOutcome =
  | ({
      readonly kind: 'predicted';
      readonly what: string;
      readonly outputPath: string;
    } & Prediction)
  | ({ readonly kind: 'refused' } & Refusal);

/**
 * Segments every scan of some paths with a model that is opened once. What is wrong with one scan costs that one.
 * @returns what became of each, in the order of paths and of what is under them
 * @throws FedvoxError `learning/output-folder`, and as `readyModel`
 */
export async function predictScans(input: PredictScansInput): Promise<readonly ScanOutcome[]> {
  const { outputFolder, onScan } = input;
  if (!existsSync(outputFolder) || !statSync(outputFolder).isDirectory()) {
    throw fail('output-folder', { outputPath: outputFolder });
  }
  const model = await readyModel(input);
  try {
    const { scans, refused } = await everyScan(input);
    const outcomes: ScanOutcome[] = [];
    const told = (outcome: ScanOutcome) => {
      outcomes.push(outcome);
      onScan?.(outcome, scans.length + refused.length - outcomes.length);
    };
    for (const refusal of refused) told({ kind: 'refused', ...refusal });
    const outputOf = outputsIn(outputFolder);
    const isRead = sameFileTest([...scans.flatMap(({ ref }) => filesOf(ref)), input.modelPath]);
    for (const scan of scans) {
      try {
        const outputPath = outputOf(scan);
        const replaced = await checkPrediction(scan, outputPath, input, isRead);
        const voxelsByClass = await predictScan(model, scan, outputPath, input);
        told({ kind: 'predicted', what: scan.what, outputPath, voxelsByClass, replaced });
      } catch (error) {
        told({ kind: 'refused', ...refusalOf(scan.what, error) });
      }
    }
    return outcomes;
  } finally {
    model.dispose();
  }
}

/**
 * Gives each scan a name in the folder that no other has.
 * @throws FedvoxError `learning/output-taken`
 */
function outputsIn(folder: string): (scan: FoundScan) => string {
  const takenBy = new Map<string, string>();
  return (scan) => {
    const outputPath = join(folder, scan.place + endingFor(scan));
    const first = takenBy.get(outputPath);
    if (first !== undefined) throw fail('output-taken', { outputPath, first });
    takenBy.set(outputPath, scan.what);
    return outputPath;
  };
}
