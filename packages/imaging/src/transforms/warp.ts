import type { Random } from '@fedvox/base';
import { type Affine, IDENTITY, multiply } from '../geometry/affine.js';
import type { Case } from '../geometry/case.js';
import type { Grid } from '../geometry/grid.js';
import type { Vec3 } from '../geometry/vector.js';
import { portableVoxels } from '../voxel-engine/portable/portable-voxels.js';
import type { Displacement, VoxelEngine } from '../voxel-engine/voxel-engine.js';
import { smoothed } from './gaussian.js';
import { sampleLinear, sampleNearest } from './grid-sampling.js';

/** Rotation, scaling and shift about the centre of the voxels, output to input. */
export interface WarpParameters {
  /** About x, then y, then z. */
  readonly rotateRadians: Vec3;
  readonly scale: Vec3;
  readonly translateVoxels: Vec3;
}

/**
 * The grid whose voxels lie where an affine change of index leads (MONAI's `Affine`): index o of the
 * result is at centre + R·(T + S·(o − centre)) of the source.
 */
export function warpedGrid({ shape, affineRas }: Grid, parameters: WarpParameters): Grid {
  const { rotateRadians, scale, translateVoxels } = parameters;
  const centre = shape.map((size) => (size - 1) / 2) as unknown as Vec3;
  const toCentre = translation([-centre[0], -centre[1], -centre[2]]);
  const scaling = [scale[0], 0, 0, 0, 0, scale[1], 0, 0, 0, 0, scale[2], 0, 0, 0, 0, 1];
  const change = [
    translation(centre),
    rotation(rotateRadians),
    translation(translateVoxels),
    scaling,
    toCentre,
  ].reduce(multiply, IDENTITY);
  return { shape, affineRas: multiply(affineRas, change) };
}

/** The case seen through a warped grid: trilinear and nearest, 0 beyond the scan. */
export function warped<C extends Case>(
  source: C,
  parameters: WarpParameters,
  voxels: VoxelEngine = portableVoxels,
): C {
  const grid = warpedGrid(source.image, parameters);
  return {
    ...source,
    image: sampleLinear(source.image, grid, 'zero', voxels),
    ...(source.label && { label: sampleNearest(source.label, grid, 'zero', voxels) }),
  };
}

/** Offsets drawn evenly from ± `magnitudeVoxels` and smoothed by a Gaussian. */
export function randomDisplacement(
  { shape }: Grid,
  sigmaVoxels: number,
  magnitudeVoxels: number,
  random: Random,
  voxels: VoxelEngine = portableVoxels,
): Displacement {
  return [0, 1, 2].map(() => {
    const data = voxels.evenly(shape[0] * shape[1] * shape[2], magnitudeVoxels, random);
    return smoothed({ data, shape }, [sigmaVoxels, sigmaVoxels, sigmaVoxels], voxels);
  }) as unknown as Displacement;
}

/** Image and label with each voxel moved by its offset. */
export function displaced<C extends Case>(
  source: C,
  offsets: Displacement,
  voxels: VoxelEngine = portableVoxels,
): C {
  const { image, label } = source;
  return {
    ...source,
    image: { ...image, data: voxels.displacedLinear(image, offsets) },
    ...(label && { label: { ...label, data: voxels.displacedNearest(label, offsets) } }),
  };
}

function translation([x, y, z]: Vec3): Affine {
  return [1, 0, 0, x, 0, 1, 0, y, 0, 0, 1, z, 0, 0, 0, 1];
}

/** About x, then y, then z, as matrices multiply: Rx·Ry·Rz. */
function rotation([x, y, z]: Vec3): Affine {
  const [cx, sx, cy, sy, cz, sz] = [x, y, z].flatMap((angle) => [Math.cos(angle), Math.sin(angle)]);
  const aboutX = [1, 0, 0, 0, 0, cx!, -sx!, 0, 0, sx!, cx!, 0, 0, 0, 0, 1];
  const aboutY = [cy!, 0, sy!, 0, 0, 1, 0, 0, -sy!, 0, cy!, 0, 0, 0, 0, 1];
  const aboutZ = [cz!, -sz!, 0, 0, sz!, cz!, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1];
  return multiply(multiply(aboutX, aboutY), aboutZ);
}
