import { shifted } from '../geometry/affine.js';
import type { Case } from '../geometry/case.js';
import type { Vec3 } from '../geometry/vector.js';
import { type Gridded, voxelsLike } from '../voxel-engine/gridded.js';

/**
 * Cuts or zero-pads each axis about its centre to exactly `size` voxels, as MONAI's
 * `ResizeWithPadOrCrop` places it: an odd voxel of padding goes to the end, an odd voxel of the crop
 * follows `n // 2 - size // 2`. The affine follows.
 */
export function cropOrPad<G extends Gridded>(source: G, size: Vec3): G {
  const start = source.shape.map((length, axis) => {
    const wanted = size[axis] as number;
    return wanted > length
      ? -Math.floor((wanted - length) / 2)
      : Math.floor(length / 2) - Math.floor(wanted / 2);
  });
  return window(source, start as unknown as Vec3, size);
}

/** That box of an image and its label. */
export function caseWindow<C extends Case>(source: C, start: Vec3, size: Vec3): C {
  const image = window(source.image, start, size);
  if (source.label === undefined) return { ...source, image };
  return { ...source, image, label: window(source.label, start, size) };
}

/** The box of `size` voxels whose first voxel is `start` of the source; what lies outside is 0. */
export function window<G extends Gridded>(source: G, start: Vec3, size: Vec3): G {
  const [nx, ny, nz] = size;
  const [sx, sy, sz] = source.shape;
  const data = voxelsLike(source, nx * ny * nz);
  const fromX = Math.max(0, start[0]);
  const toX = Math.min(sx, start[0] + nx);
  for (let k = 0; k < nz; k++) {
    const z = k + start[2];
    if (z < 0 || z >= sz) continue;
    for (let j = 0; j < ny; j++) {
      const y = j + start[1];
      if (y < 0 || y >= sy || fromX >= toX) continue;
      const row = sx * (y + sy * z);
      data.set(source.data.subarray(row + fromX, row + toX), nx * (j + ny * k) + fromX - start[0]);
    }
  }
  return { ...source, shape: size, affineRas: shifted(source.affineRas, start), data };
}
