import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { seededRandom, sha256 } from '@fedvox/base';
import {
  type DatasetSpec,
  type LabelledCase,
  loadCase,
  openDataset,
  writeNifti,
} from '@fedvox/imaging';
import { fail } from '../errors.js';
import type { ScannerShift } from '../scenario/scanner-shift.js';
import { shiftedCase } from './shifted-case.js';

export interface ShiftedPlace {
  /** New or empty. */
  readonly folder: string;
  readonly classes: readonly string[];
  readonly seed: string;
  readonly signal: AbortSignal;
}

/**
 * Writes a site's labelled cases anew, as another scanner would have given them: a Decathlon folder of NIfTI. Same seed, same
 * bytes.
 * @returns how the site reads them
 * @throws FedvoxError `simulator/shift-empty`, and `imaging/…` where the cases cannot be read
 */
export async function writeShifted(
  dataset: DatasetSpec,
  shift: ScannerShift,
  { folder, classes, seed, signal }: ShiftedPlace,
): Promise<DatasetSpec> {
  const { cases } = await openDataset(dataset, classes);
  const labelled = cases.filter(({ hasLabel }) => hasLabel);
  if (labelled.length === 0) throw fail('shift-empty', { path: dataset.path });
  for (const kind of ['imagesTr', 'labelsTr']) await mkdir(join(folder, kind), { recursive: true });
  const training: { image: string; label: string; subject: string }[] = [];
  for (const ref of labelled) {
    signal.throwIfAborted();
    const random = seededRandom(`${seed}/shift/${ref.caseId}`);
    const loaded = (await loadCase(ref, classes)) as LabelledCase;
    const { image, label } = shiftedCase(loaded, shift, random);
    const name = `${sha256(ref.caseId).slice(0, 16)}.nii.gz`;
    await writeNifti(join(folder, 'imagesTr', name), image);
    await writeNifti(join(folder, 'labelsTr', name), label);
    const subject = ref.patientKey ?? ref.caseId;
    training.push({ image: `imagesTr/${name}`, label: `labelsTr/${name}`, subject });
  }
  const { modality = 'MR' } = labelled[0] ?? {};
  const labels = Object.fromEntries(classes.map((name, value) => [value, name]));
  const manifest = { modality: { 0: modality }, labels, training };
  await writeFile(join(folder, 'dataset.json'), `${JSON.stringify(manifest, null, 2)}\n`);
  return { kind: 'msd', path: folder };
}
