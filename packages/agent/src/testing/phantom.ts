import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { seededRandom } from '@fedvox/base';
import { type Affine, writeNifti } from '@fedvox/imaging';

const SIZE = 16;
const SHAPE = [SIZE, SIZE, SIZE] as const;
const AFFINE: Affine = [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1];

/** A Decathlon folder of tiny volumes: a bright ball, labelled `organ`, in noise. */
export async function writePhantoms(folder: string, cases: number): Promise<void> {
  for (const part of ['imagesTr', 'labelsTr']) mkdirSync(join(folder, part), { recursive: true });
  const training = [];
  for (let index = 0; index < cases; index++) {
    const image = `imagesTr/case-${index}.nii.gz`;
    const label = `labelsTr/case-${index}.nii.gz`;
    const { voxels, mask } = ball(`case-${index}`);
    await writeNifti(join(folder, image), { shape: SHAPE, affineRas: AFFINE, data: voxels });
    await writeNifti(join(folder, label), { shape: SHAPE, affineRas: AFFINE, data: mask });
    training.push({ image, label });
  }
  const manifest = { modality: { 0: 'MRI' }, labels: { 0: 'background', 1: 'organ' }, training };
  writeFileSync(join(folder, 'dataset.json'), JSON.stringify(manifest));
}

function ball(seed: string) {
  const random = seededRandom(seed);
  const centre = [0, 1, 2].map(() => 6 + 4 * random.uniform());
  const voxels = new Float32Array(SIZE ** 3);
  const mask = new Uint8Array(SIZE ** 3);
  for (let at = 0; at < voxels.length; at++) {
    const place = [at % SIZE, Math.floor(at / SIZE) % SIZE, Math.floor(at / SIZE ** 2)];
    const distance = Math.hypot(...place.map((value, axis) => value - centre[axis]!));
    mask[at] = distance < 4 ? 1 : 0;
    voxels[at] = mask[at]! * 3 + random.normal() * 0.5;
  }
  return { voxels, mask };
}
