import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { seededRandom } from '@fedvox/base';
import { type DatasetSpec, type LabelMap, type Volume, writeNifti } from '@fedvox/imaging';
import { ballCase, scanOf } from './phantoms.js';

/** Writes ball cases, of so many voxels along an axis, as a Medical Segmentation Decathlon folder. */
export async function writeBallDataset(
  folder: string,
  count: number,
  size?: number,
): Promise<DatasetSpec> {
  await mkdir(join(folder, 'imagesTr'), { recursive: true });
  await mkdir(join(folder, 'labelsTr'), { recursive: true });
  const names = Array.from({ length: count }, (_, index) => `ball_${index}.nii.gz`);
  for (const name of names) await writeBall(folder, name, ballCase(seededRandom(name), size));
  const training = names.map((name) => ({
    image: `./imagesTr/${name}`,
    label: `./labelsTr/${name}`,
  }));
  const index = {
    name: 'Balls',
    modality: { 0: 'MRI' },
    labels: { 0: 'background', 1: 'ball' },
    numTraining: count,
    training,
  };
  await writeFile(join(folder, 'dataset.json'), JSON.stringify(index));
  return { kind: 'msd', path: folder };
}

export async function writeBall(
  folder: string,
  name: string,
  { image, label }: { image: Volume; label: LabelMap },
): Promise<void> {
  await writeNifti(join(folder, 'imagesTr', name), image);
  await writeNifti(join(folder, 'labelsTr', name), label);
}

/** Writes scans of which every other one has a lesion, and the list that says so: `classes.csv`. */
export async function writeLesionDataset(folder: string, count: number) {
  await mkdir(join(folder, 'imagesTr'), { recursive: true });
  const names = Array.from({ length: count }, (_, index) => `scan_${index}`);
  const classOf = (index: number) => (index % 2 === 0 ? 'none' : 'lesion');
  for (const [index, name] of names.entries()) {
    const random = seededRandom(`${folder.split('/').at(-1)}/${name}`);
    const scan = scanOf(classOf(index) === 'lesion', random);
    await writeNifti(join(folder, 'imagesTr', `${name}.nii.gz`), scan);
  }
  const training = names.map((name) => ({ image: `./imagesTr/${name}.nii.gz` }));
  const index = { name: 'Lesions', modality: { 0: 'MRI' }, labels: { 0: 'background' }, training };
  await writeFile(join(folder, 'dataset.json'), JSON.stringify(index));
  const file = join(folder, 'classes.csv');
  const lines = names.map((name, index) => `${name},${classOf(index)}`);
  await writeFile(file, ['case,class', ...lines, ''].join('\n'));
  return { kind: 'msd', path: folder, caseClasses: { file } } as const satisfies DatasetSpec;
}
