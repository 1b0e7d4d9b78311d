import type { Grid, Volume } from './grid.js';
import type { Vec3 } from './vector.js';

/** 16-bit numbers as files store them, in half the memory of their values. */
export interface StoredVoxels {
  readonly shape: Vec3;
  readonly stored: Int16Array | Uint16Array;
  /** A voxel's value is `gain · stored + offset` in double, rounded to float32. */
  readonly gain: number;
  readonly offset: number;
}

/** A scan whose values are not worked out yet. */
export interface StoredVolume extends Grid, StoredVoxels {}

/** A scan as it was read: by its values, or as stored where all of it is stored alike. */
export type Scan = Volume | StoredVolume;

/** The scan by its values. */
export function valuesOf(scan: Scan): Volume {
  if (!('stored' in scan)) return scan;
  const { shape, affineRas } = scan;
  return { shape, affineRas, data: storedValues(scan) };
}

/**
 * The value of each voxel.
 * @param values as many, written in place
 */
export function storedValues(
  { stored, gain, offset }: Pick<StoredVoxels, 'stored' | 'gain' | 'offset'>,
  values: Float32Array = new Float32Array(stored.length),
): Float32Array {
  values.set(stored); // at the speed of memory, and exact: float32 holds every 16-bit number
  if (gain === 1 && offset === 0) return values;
  for (let at = 0; at < values.length; at++) values[at] = gain * (values[at] as number) + offset;
  return values;
}
