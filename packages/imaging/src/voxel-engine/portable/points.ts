import { roundHalfEven } from '../../geometry/rounding.js';
import type { Vec3 } from '../../geometry/vector.js';
import type { Voxels } from '../voxel-engine.js';

/** The value at a point of the source, trilinear. The point is an index; it ends at the border. */
export function linearAt(
  input: Float32Array,
  [sx, sy, sz]: Vec3,
  x: number,
  y: number,
  z: number,
): number {
  const cx = clamped(x, sx);
  const cy = clamped(y, sy);
  const cz = clamped(z, sz);
  const ix = Math.floor(cx);
  const iy = Math.floor(cy);
  const iz = Math.floor(cz);
  const dx = ix + 1 < sx ? 1 : 0;
  const dy = iy + 1 < sy ? sx : 0;
  const dz = iz + 1 < sz ? sx * sy : 0;
  const wx = cx - ix;
  const wy = cy - iy;
  const at = ix + sx * (iy + sy * iz);
  const low = between(
    between(input[at]!, input[at + dx]!, wx),
    between(input[at + dy]!, input[at + dy + dx]!, wx),
    wy,
  );
  const high = between(
    between(input[at + dz]!, input[at + dz + dx]!, wx),
    between(input[at + dz + dy]!, input[at + dz + dy + dx]!, wx),
    wy,
  );
  return between(low, high, cz - iz);
}

/** The value of the voxel nearest to a point. */
export function nearestAt(input: Voxels, [sx, sy, sz]: Vec3, x: number, y: number, z: number) {
  const ix = roundHalfEven(clamped(x, sx));
  const iy = roundHalfEven(clamped(y, sy));
  const iz = roundHalfEven(clamped(z, sz));
  return input[ix + sx * (iy + sy * iz)]!;
}

/** An index on the source; 0 for what is no number, so that nothing is read from nowhere. */
export function clamped(at: number, size: number): number {
  return at > 0 ? Math.min(at, size - 1) : 0;
}

function between(low: number, high: number, weight: number): number {
  return low + (high - low) * weight;
}
