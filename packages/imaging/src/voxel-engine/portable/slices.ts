import { type StoredVoxels, storedValues } from '../../geometry/stored-volume.js';
import type { VoxelArray } from '../voxel-engine.js';

/**
 * Reads the source's values from an offset on, good until the next are read. Where all that is read from
 * one offset lies in one slice, stored numbers become values a slice at a time.
 */
export function valueReader(
  source: VoxelArray<Float32Array> | StoredVoxels,
  readsSlices: boolean,
): (offset: number) => Float32Array {
  if ('stored' in source && readsSlices) {
    const slice = new Float32Array(source.shape[0] * source.shape[1]);
    return (offset) => {
      const stored = source.stored.subarray(offset, offset + slice.length);
      return storedValues({ ...source, stored }, slice);
    };
  }
  const values = 'stored' in source ? storedValues(source) : source.data;
  return (offset) => values.subarray(offset);
}
