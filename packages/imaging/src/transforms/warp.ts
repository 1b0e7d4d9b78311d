import type { Random } from '@fedvox/base';
import type { LabelledCase } from '../datasets/case.js';
import { type Affine, IDENTITY, multiply } from '../geometry/affine.js';
import type { Grid, LabelMap, Volume } from '../geometry/grid.js';
import type { Vec3 } from '../geometry/vector.js';
import { smoothed } from './gaussian.js';
import { roundHalfEven, sampleLinear, sampleNearest } from './sampling.js';

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
export function warped<C extends LabelledCase>(source: C, parameters: WarpParameters): C {
  const grid = warpedGrid(source.image, parameters);
  return {
    ...source,
    image: sampleLinear(source.image, grid, 'zero'),
    label: sampleNearest(source.label, grid, 'zero'),
  };
}

/** Offsets in voxels along x, y and z for each voxel. */
export type Displacement = readonly [Float32Array, Float32Array, Float32Array];

/** Offsets drawn evenly from ± `magnitudeVoxels` and smoothed by a Gaussian. */
export function randomDisplacement(
  grid: Grid,
  sigmaVoxels: number,
  magnitudeVoxels: number,
  random: Random,
): Displacement {
  const voxels = grid.shape[0] * grid.shape[1] * grid.shape[2];
  return [0, 1, 2].map(() => {
    const noise = Float32Array.from(
      { length: voxels },
      () => (2 * random.uniform() - 1) * magnitudeVoxels,
    );
    return smoothed(noise, grid, [sigmaVoxels, sigmaVoxels, sigmaVoxels]);
  }) as unknown as Displacement;
}

/** Each voxel takes the value at its place plus its offset; coordinates end at the border. */
export function displaced<C extends LabelledCase>(source: C, offsets: Displacement): C {
  const image = new Float32Array(source.image.data.length);
  const label = new Uint8Array(image.length);
  const [nx, ny, nz] = source.image.shape;
  let at = 0;
  for (let k = 0; k < nz; k++) {
    for (let j = 0; j < ny; j++) {
      for (let i = 0; i < nx; i++, at++) {
        const x = clamp(i + offsets[0][at]!, nx);
        const y = clamp(j + offsets[1][at]!, ny);
        const z = clamp(k + offsets[2][at]!, nz);
        image[at] = linearAt(source.image, x, y, z);
        label[at] = nearestAt(source.label, x, y, z);
      }
    }
  }
  return {
    ...source,
    image: { ...source.image, data: image },
    label: { ...source.label, data: label },
  };
}

function linearAt({ data, shape: [nx, ny, nz] }: Volume, x: number, y: number, z: number): number {
  const [i, j, k] = [Math.floor(x), Math.floor(y), Math.floor(z)] as [number, number, number];
  const [wx, wy, wz] = [x - i, y - j, z - k] as [number, number, number];
  const [i1, j1, k1] = [Math.min(i + 1, nx - 1), Math.min(j + 1, ny - 1), Math.min(k + 1, nz - 1)];
  const value = (a: number, b: number, c: number) => data[a + nx * (b + ny * c)]!;
  const row = (b: number, c: number) => value(i, b, c) * (1 - wx) + value(i1!, b, c) * wx;
  const plane = (c: number) => row(j, c) * (1 - wy) + row(j1!, c) * wy;
  return plane(k) * (1 - wz) + plane(k1!) * wz;
}

function nearestAt({ data, shape: [nx, ny] }: LabelMap, x: number, y: number, z: number): number {
  return data[roundHalfEven(x) + nx * (roundHalfEven(y) + ny * roundHalfEven(z))]!;
}

function clamp(at: number, size: number): number {
  return Math.min(Math.max(at, 0), size - 1);
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
