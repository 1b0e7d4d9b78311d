import { existsSync, statSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import {
  type FoundScan,
  filesOf,
  findScans,
  type HeaderProgress,
  type Refusal,
  refusalOf,
  type ScanRules,
} from '@fedvox/imaging';
import { fail } from '../errors.js';
import {
  checkPrediction,
  type Prediction,
  type PredictionRules,
  predictScan,
} from './predict-scan.js';
import { endingFor, sameFileTest } from './prediction-output.js';
import { type ModelInput, readyModel } from './ready-model.js';

export interface PredictScansInput extends ModelInput, PredictionRules {
  /** NIfTI and NRRD files, and folders of them and of DICOM series. */
  readonly inputPaths: readonly string[];
  /** Each label map goes to its scan's place here, as seen from all inputs; what lies here is no scan. */
  readonly outputFolder: string;
  readonly rules?: ScanRules;
  readonly onHeaders?: (progress: HeaderProgress) => void;
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

/** Those of each path, placed as seen from all of them, and a refusal for a path that cannot be looked at. */
async function everyScan({ inputPaths, outputFolder, rules, onHeaders }: PredictScansInput) {
  const scans: FoundScan[] = [];
  const refused: Refusal[] = [];
  const common = commonFolder(inputPaths.map(folderOf));
  for (const path of inputPaths) {
    try {
      const headers = onHeaders === undefined ? {} : { onProgress: onHeaders };
      const found = await findScans(path, rules, headers);
      const from = relative(common, folderOf(path));
      for (const scan of found.scans) {
        if (isOutput(scan, path, outputFolder)) continue;
        scans.push({ ...scan, place: join(from, scan.place) });
      }
      refused.push(...found.refused);
    } catch (error) {
      refused.push(refusalOf(path, error));
    }
  }
  return { scans, refused };
}

/** The folder that an input is, or is in. */
function folderOf(path: string): string {
  const isFolder = existsSync(path) && statSync(path).isDirectory();
  return isFolder ? resolve(path) : dirname(resolve(path));
}

/** The deepest folder that all of these are in or are. */
function commonFolder([first, ...others]: readonly string[]): string {
  return others.reduce((common, folder) => {
    let at = common;
    while (isOutside(folder, at)) at = dirname(at);
    return at;
  }, first as string);
}

function isOutside(path: string, folder: string): boolean {
  return relative(folder, path).startsWith('..');
}

/** Earlier predictions may lie in a folder under the scans'. */
function isOutput({ ref }: FoundScan, inputPath: string, outputFolder: string): boolean {
  const output = resolve(outputFolder);
  if (output === resolve(inputPath) || isOutside(output, resolve(inputPath))) return false;
  return !isOutside(resolve(filesOf(ref)[0] as string), output);
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
