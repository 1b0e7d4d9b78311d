import type { Random } from '@fedvox/base';
import type { Affine } from '../geometry/affine.js';
import type { StoredVoxels } from '../geometry/stored-volume.js';
import type { Vec3 } from '../geometry/vector.js';

/** A scan's values or a label map's classes. */
export type Voxels = Float32Array | Uint8Array;

/** Voxels as a volume holds them, x fastest. */
export interface VoxelArray<V extends Voxels> {
  readonly data: V;
  readonly shape: Vec3;
}

/** What a point beyond the source's voxels takes: the value at its edge, or 0. */
export type Outside = 'edge' | 'zero';

/** Offsets in voxels along x, y and z for each voxel. */
export type Displacement = readonly [Float32Array, Float32Array, Float32Array];

/** For each axis the weights at −r … r. */
export type SeparableKernel = readonly [Float64Array, Float64Array, Float64Array];

/** A sum of products of what stands at a voxel's index along each axis. */
export interface SeparableField {
  /** Along x, y and z, index by index: one value for each order. */
  readonly tables: readonly [Float64Array, Float64Array, Float64Array];
  /** How many values a table has for each index. */
  readonly orders: number;
  readonly terms: readonly FieldTerm[];
}

/** Coefficient of x_a · y_b · z_c. */
export interface FieldTerm {
  readonly orders: readonly [number, number, number];
  readonly coefficient: number;
}

/** Whose the code is. */
export type VoxelEngineName = 'portable' | 'torch';

/**
 * What takes long with voxels, left to whoever does it fastest. Every engine gives the same bits, so
 * that neither a cached case nor a seeded patch depends on which one made it: coordinates, weights and
 * sums are double, each operation is rounded by itself, in the order of `portableVoxels`, and what is
 * done with them is rounded to float32.
 */
export interface VoxelEngine {
  /** By which another thread of this process finds the same. */
  readonly name: VoxelEngineName;
  /**
   * The values at the voxels of another grid, trilinear: along x, then y, then z.
   * @param indexOf from a voxel's index in the other grid to its index in the source
   * @param shape of the other grid
   * @param outside `edge` clamps coordinates to [0, n−1]; `zero` clamps only the outer half voxel
   */
  linear(
    source: VoxelArray<Float32Array> | StoredVoxels,
    indexOf: Affine,
    shape: Vec3,
    outside: Outside,
  ): Float32Array;
  /** As `linear`, with the nearest voxel; halves go to the even one, as in PyTorch. */
  nearest<V extends Voxels>(
    source: VoxelArray<V>,
    indexOf: Affine,
    shape: Vec3,
    outside: Outside,
  ): V;
  /** Each voxel takes the value at its place plus its offset, trilinear; coordinates end at the border. */
  displacedLinear(source: VoxelArray<Float32Array>, offsets: Displacement): Float32Array;
  /** As `displacedLinear`, with the nearest voxel. */
  displacedNearest<V extends Voxels>(source: VoxelArray<V>, offsets: Displacement): V;
  /**
   * A convolution along x, then y, then z, rounded to float32 after each; beyond the border the
   * outermost voxels go on.
   */
  convolved(source: VoxelArray<Float32Array>, kernel: SeparableKernel): Float32Array;
  /** As many numbers as the stream next gives, even within ± `bound`. */
  evenly(count: number, bound: number, random: Random): Float32Array;
  /** Each voxel plus `deviation` times what the stream next gives of the normal distribution. */
  noisy(source: VoxelArray<Float32Array>, deviation: number, random: Random): Float32Array;
  /** Values are scaled from `low` … `low + range` to 0 … 1, raised to a power, and scaled back. */
  raised(source: VoxelArray<Float32Array>, low: number, range: number, power: number): Float32Array;
  /** Each voxel times the exponential of a field. */
  shaded(source: VoxelArray<Float32Array>, field: SeparableField): Float32Array;
}
