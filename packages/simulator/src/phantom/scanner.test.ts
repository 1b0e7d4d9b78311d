import { seededRandom } from '@fedvox/base';
import { describe, expect, it } from 'vitest';
import { drawAnatomy, PHANTOM_CLASSES } from './anatomy.js';
import { type Acquisition, acquire, FIELD_OF_VIEW_MM, scannerSchema } from './scanner.js';

const quiet = scannerSchema.parse({ spacingMm: [3, 3, 3], noise: 0, biasField: 0 });

/** Mean position, in RAS mm, of the voxels that `wanted` picks. */
function centroidMm({ label }: Acquisition, wanted: number): [number, number, number] {
  const [nx, ny] = label.shape;
  const sum = [0, 0, 0];
  let count = 0;
  label.data.forEach((value, index) => {
    if (value !== wanted) return;
    const voxel = [index % nx, Math.floor(index / nx) % ny, Math.floor(index / (nx * ny)), 1];
    for (const row of [0, 1, 2]) {
      for (const [column, at] of voxel.entries()) {
        sum[row]! += (label.affineRas[4 * row + column] as number) * at;
      }
    }
    count++;
  });
  return sum.map((each) => each / count) as [number, number, number];
}

describe('a phantom scan', () => {
  it('is the same, voxel for voxel, from the same seed', () => {
    const scan = () => {
      const random = seededRandom('patient 7');
      const scanner = scannerSchema.parse({ spacingMm: [2.5, 2.5, 4], noise: 0.05 });
      return acquire(drawAnatomy(random.fork('anatomy'), true), scanner, random.fork('scan'));
    };
    expect(scan()).toEqual(scan());
  });

  it('shows the organ at the same place in the world, whatever the plane of the slices', () => {
    const anatomy = drawAnatomy(seededRandom('patient 8'), false);
    const places = (['axial', 'coronal', 'sagittal'] as const).map((plane) =>
      centroidMm(acquire(anatomy, { ...quiet, plane }, seededRandom(0)), 1),
    );
    for (const place of places) {
      for (const axis of [0, 1, 2] as const) {
        expect(Math.abs(place[axis] - places[0]![axis])).toBeLessThan(0.5);
      }
    }
  });

  it('covers the field of view whatever the spacing', () => {
    const anatomy = drawAnatomy(seededRandom('patient 9'), false);
    const { image } = acquire(
      anatomy,
      { ...quiet, plane: 'coronal', spacingMm: [2, 3, 4] },
      seededRandom(0),
    );
    const [right, anterior, superior] = FIELD_OF_VIEW_MM;
    expect(image.shape).toEqual([right / 2, superior / 3, anterior / 4]);
  });

  it('labels a lesion only where there is one, inside the organ and brighter than it', () => {
    for (const hasLesion of [true, false]) {
      const anatomy = drawAnatomy(seededRandom('patient 10'), hasLesion);
      const { image, label } = acquire(anatomy, quiet, seededRandom(0));
      const signals = PHANTOM_CLASSES.map((_, wanted) =>
        Array.from(image.data).filter((_, index) => label.data[index] === wanted),
      );
      expect(signals[1]!.length).toBeGreaterThan(100);
      expect(signals[2]!.length > 0).toBe(hasLesion);
      if (!hasLesion) continue;
      const mean = (values: number[]) => values.reduce((a, b) => a + b, 0) / values.length;
      const contrast = mean(signals[2]!) / mean(signals[1]!);
      expect(contrast).toBeGreaterThan(0.75 / 0.65);
      expect(contrast).toBeLessThan(0.95 / 0.55);
    }
  });

  it('shows lesions brighter than the organ by any protocol, and the organ dark by T2', () => {
    const anatomy = drawAnatomy(seededRandom('patient 10'), true);
    const meanOf = (protocol: 't1' | 't2', wanted: number) => {
      const { image, label } = acquire(anatomy, { ...quiet, protocol }, seededRandom(0));
      const values = image.data.filter((_, index) => label.data[index] === wanted);
      return values.reduce((sum, each) => sum + each, 0) / values.length;
    };
    for (const protocol of ['t1', 't2'] as const) {
      expect(meanOf(protocol, 2)).toBeGreaterThan(meanOf(protocol, 1) * 1.1);
    }
    expect(meanOf('t1', 1)).toBeGreaterThan(meanOf('t1', 0));
    expect(meanOf('t2', 1)).toBeLessThan(meanOf('t1', 1) * 0.6);
  });

  it('has the Rayleigh-distributed noise of a magnitude image in air', () => {
    const anatomy = drawAnatomy(seededRandom('patient 11'), false);
    const scanner = { ...quiet, noise: 0.05, intensityScale: 1000 };
    const { image } = acquire(anatomy, scanner, seededRandom('noise'));
    const [nx, ny, nz] = image.shape;
    const corner = Array.from({ length: nz }, (_, k) =>
      Array.from({ length: 4 }, (_, i) => image.data[i + nx * ny * k] as number),
    ).flat();
    const mean = corner.reduce((a, b) => a + b, 0) / corner.length;
    // A Rayleigh variable has the mean σ·√(π/2); with 88 samples its error is about 3 of 62.7.
    expect(Math.abs(mean - 50 * Math.sqrt(Math.PI / 2))).toBeLessThan(12);
  });
});
