import type { Scan } from '../geometry/stored-volume.js';
import { findOnlyScan, type ScanRules } from './find-scans.js';
import { readCase } from './load-case.js';

/**
 * Reads one scan: a NIfTI or NRRD file, or a folder (or file) with exactly one.
 * @throws FedvoxError as `findOnlyScan` and `readCase`
 */
export async function readVolume(path: string, rules: ScanRules = {}): Promise<Scan> {
  const { ref } = await findOnlyScan(path, rules);
  return (await readCase(ref, [])).image;
}
