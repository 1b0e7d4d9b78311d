import { type Sha256, sha256 } from '@fedvox/base';
import type { DatasetSpec, VoxelEngine } from '@fedvox/imaging';
import { selectEngine } from '../engine/engine.js';
import { voxelEngineOf } from '../engine/voxels.js';
import { fail } from '../errors.js';
import { CaseStore } from '../training/case-store.js';
import { openSites, type SeveralSites } from './several-sites.js';
import type { SiteCase } from './site-data.js';

/** Test data, and the data that a training sees. */
export interface TestInput extends SeveralSites {
  readonly trainedOn: readonly DatasetSpec[];
}

/**
 * The cases of an external test set that no training case gives away: none has the scan of one, under whatever
 * name, in whatever format and with whatever label, and none is of a patient of one, as DICOM names patients. Names of files are
 * no patients: `sub-01` is somebody else in every data set. What is left out is logged.
 * @throws FedvoxError `learning/no-unseen-cases`
 */
export async function unseenCases(
  { trainedOn, ...input }: TestInput,
  voxels: VoxelEngine,
): Promise<readonly SiteCase[]> {
  const open = (datasets: readonly DatasetSpec[]) =>
    openSites({ ...input, datasets }, voxels, new CaseStore(0), 'evaluation');
  const seen = new Map<string, string>();
  for (const [at, cases] of (await open(trainedOn)).entries()) {
    for (const one of cases) {
      for (const mark of await marksOf(one, trainedOn[at])) seen.set(mark, one.caseId);
    }
  }
  const unseen: SiteCase[] = [];
  let total = 0;
  for (const [at, cases] of (await open(input.datasets)).entries()) {
    total += cases.length;
    for (const one of cases) {
      const mark = (await marksOf(one, input.datasets[at])).find((each) => seen.has(each));
      if (mark === undefined) unseen.push(one);
      else {
        const what = { case: one.caseId, trainedOn: seen.get(mark) };
        input.log.warn(what, 'left out of the test: the training has its scan or its patient');
      }
    }
  }
  if (unseen.length === 0) throw fail('no-unseen-cases', { cases: total });
  return unseen;
}

/**
 * Reads a test set before a training is begun: what would be found out after it is found out now. How many cases are left.
 * @throws FedvoxError `learning/no-unseen-cases`, and what makes the data unusable
 */
export async function checkTestData(input: TestInput): Promise<number> {
  const voxels = voxelEngineOf(await selectEngine(input.engine, input));
  return (await unseenCases(input, voxels)).length;
}

/** By what a case is known: the voxels that a network would see, and the patient. */
async function marksOf(one: SiteCase, dataset: DatasetSpec | undefined): Promise<string[]> {
  const { image } = await one.prepared();
  const { buffer, byteOffset, byteLength } = image.data;
  const scan: Sha256 = sha256(new Uint8Array(buffer, byteOffset, byteLength));
  const isNamed = dataset?.kind === 'dicom' && one.patientKey !== undefined;
  return [scan, ...(isNamed ? [`patient ${one.patientKey}`] : [])];
}
