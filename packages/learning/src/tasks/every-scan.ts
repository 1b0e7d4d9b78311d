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

/** Where scans lie that a model is applied to. */
export interface ScanPaths {
  /** NIfTI and NRRD files, and folders of them and of DICOM series. */
  readonly inputPaths: readonly string[];
  /** What is said of scans, as of a data set's: `volume`, `gantryTilt`, … */
  readonly rules?: ScanRules;
  readonly onHeaders?: (progress: HeaderProgress) => void;
}

/**
 * Those of each path, placed as seen from all of them, and a refusal for a path that cannot be looked at.
 * @param outputFolder what lies there is a prediction, and no scan
 */
export async function everyScan({
  inputPaths,
  outputFolder,
  rules,
  onHeaders,
}: ScanPaths & { readonly outputFolder?: string }) {
  const scans: FoundScan[] = [];
  const refused: Refusal[] = [];
  const common = commonFolder(inputPaths.map(folderOf));
  for (const path of inputPaths) {
    try {
      const headers = onHeaders === undefined ? {} : { onProgress: onHeaders };
      const found = await findScans(path, rules, headers);
      const from = relative(common, folderOf(path));
      for (const scan of found.scans) {
        if (outputFolder !== undefined && isOutput(scan, path, outputFolder)) continue;
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
