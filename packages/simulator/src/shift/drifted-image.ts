import { quantileOf, type Random } from '@fedvox/base';
import type { Volume } from '@fedvox/imaging';
import type { Drift } from '../scenario/drift.js';

/** Above this part of all voxels lie outliers: the brightest is what the others are measured by. */
const BRIGHTEST_PART = 0.995;

/**
 * The image as a scanner that has drifted would show it, on the same grid: contrast, the coil's bias, gain, then noise, which
 * is Rician where the image has no negative values, as magnitude images have (Gudbjartsson and Patz, Magn Reson Med 34,
 * 1995), and else Gaussian.
 */
export function driftedImage(image: Volume, drift: Drift, random: Random): Volume {
  const { gain, contrast, noise, biasField } = drift;
  const rising = image.data.toSorted();
  const brightest = quantileOf(rising, BRIGHTEST_PART);
  const isMagnitude = (rising[0] as number) >= 0;
  const shown = (value: number) =>
    value > 0 && brightest > 0 ? brightest * (value / brightest) ** contrast : value;
  const bias = drawBias(image, biasField, random.fork('bias'));
  const grain = random.fork('noise');
  const draw = () => (noise === 0 ? 0 : noise * brightest * gain * grain.normal());
  const data = image.data.map((value, index) => {
    const signal = gain * shown(value) * bias(index);
    if (noise === 0) return signal;
    return isMagnitude ? Math.hypot(signal + draw(), draw()) : signal + draw();
  });
  return { ...image, data };
}

/** A smooth multiplicative field over the voxels: 1 in the middle, `1 ± strength` at the ends of a random direction. */
function drawBias(
  { shape, affineRas }: Volume,
  strength: number,
  random: Random,
): (index: number) => number {
  if (strength === 0) return () => 1;
  const direction = [random.normal(), random.normal(), random.normal()];
  const length = Math.hypot(...direction);
  // In the world, so that the field is the same however the grid lies in it.
  const perVoxel = [0, 1, 2].map((axis) =>
    direction.reduce(
      (sum, each, row) => sum + (each / length) * (affineRas[4 * row + axis] as number),
      0,
    ),
  );
  const reach = shape.reduce(
    (sum, size, axis) => sum + Math.abs((perVoxel[axis] as number) * (size - 1)) / 2,
    0,
  );
  const [nx, ny] = shape;
  return (index) => {
    const place = [index % nx, Math.floor(index / nx) % ny, Math.floor(index / (nx * ny))];
    const along = place.reduce(
      (sum, at, axis) =>
        sum + (perVoxel[axis] as number) * (at - ((shape[axis] as number) - 1) / 2),
      0,
    );
    return 1 + strength * Math.sin((Math.PI / 2) * (along / Math.max(reach, Number.MIN_VALUE)));
  };
}
