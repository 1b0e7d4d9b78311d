import type { Random } from '@fedvox/base';
import type { LabelMap, Vec3, Volume } from '@fedvox/imaging';
import { spacingMmSchema } from '@fedvox/job';
import { z } from 'zod';
import { type Anatomy, PROTOCOLS } from './anatomy.js';

/** What makes one hospital's images differ from another's. */
export const scannerSchema = z.strictObject({
  /** Between columns, between rows, between slices. */
  spacingMm: spacingMmSchema,
  /** The plane of the slices. */
  plane: z.enum(['axial', 'coronal', 'sagittal']).default('axial'),
  /** How its images are weighted. */
  protocol: z.enum(PROTOCOLS).default('t1'),
  /** Standard deviation of the noise in each channel; tissue has signals of 0.1 to 1. */
  noise: z.number().min(0).max(0.5).default(0.03),
  /** How much brighter one end of the coil is than its middle. */
  biasField: z.number().min(0).max(0.9).default(0.1),
  /** The intensity that a signal of 1 is shown with. */
  intensityScale: z.number().min(50).max(20_000).default(1000),
  /** Bits of a stored pixel; every series brings a rescale slope and intercept that fill them. */
  storedBits: z.union([z.literal(8), z.literal(12), z.literal(16)]).default(12),
  signed: z.boolean().default(false),
});

export type Scanner = z.output<typeof scannerSchema>;

export interface Acquisition {
  readonly image: Volume;
  readonly label: LabelMap;
}

/** What every phantom scanner sees, along right, anterior and superior. */
export const FIELD_OF_VIEW_MM: Vec3 = [120, 108, 66];

/** For each voxel axis (columns, rows, slices), the world axis it runs along and in which sense. */
const PLANES = {
  axial: [
    [0, -1],
    [1, -1],
    [2, 1],
  ],
  coronal: [
    [0, -1],
    [2, -1],
    [1, 1],
  ],
  sagittal: [
    [1, -1],
    [2, -1],
    [0, 1],
  ],
} as const;

/**
 * One scan of a patient: the anatomy sampled at voxel centres, the coil's bias, and the Rician noise
 * of a magnitude image (Gudbjartsson & Patz, Magn Reson Med 34, 1995).
 */
export function acquire(anatomy: Anatomy, scanner: Scanner, random: Random): Acquisition {
  const { shape, affineRas } = gridOf(scanner);
  const image = new Float32Array(shape[0] * shape[1] * shape[2]);
  const label = new Uint8Array(image.length);
  const bias = drawBias(scanner.biasField, random);
  const noise = () => scanner.noise * random.normal();
  let index = 0;
  for (let k = 0; k < shape[2]; k++) {
    for (let j = 0; j < shape[1]; j++) {
      for (let i = 0; i < shape[0]; i++, index++) {
        const point = worldPoint(affineRas, i, j, k);
        const tissue = anatomy.tissueAt(point, scanner.protocol);
        const signal = tissue.signal * bias(point);
        image[index] = scanner.intensityScale * Math.hypot(signal + noise(), noise());
        label[index] = tissue.label;
      }
    }
  }
  return { image: { shape, affineRas, data: image }, label: { shape, affineRas, data: label } };
}

/** The scanner's grid, centred on the body. */
function gridOf({ spacingMm, plane }: Scanner): { shape: Vec3; affineRas: number[] } {
  const axes = PLANES[plane];
  const shape = axes.map(([world], axis) =>
    Math.round(FIELD_OF_VIEW_MM[world] / (spacingMm[axis] as number)),
  );
  const affineRas = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1];
  for (const [axis, [world, sign]] of axes.entries()) {
    const stepMm = sign * (spacingMm[axis] as number);
    affineRas[4 * world + axis] = stepMm;
    affineRas[4 * world + 3] = (-stepMm * ((shape[axis] as number) - 1)) / 2;
  }
  return { shape: shape as unknown as Vec3, affineRas };
}

function worldPoint(affine: readonly number[], i: number, j: number, k: number): Vec3 {
  const row = (r: number) =>
    (affine[r] as number) * i +
    (affine[r + 1] as number) * j +
    (affine[r + 2] as number) * k +
    (affine[r + 3] as number);
  return [row(0), row(4), row(8)];
}

/** A smooth multiplicative field: 1 in the middle, `1 ± strength` at the ends of a random direction. */
function drawBias(strength: number, random: Random): (point: Vec3) => number {
  const direction: Vec3 = [random.normal(), random.normal(), random.normal()];
  const length = Math.hypot(...direction);
  const perMm = direction.map((each) => each / length / (FIELD_OF_VIEW_MM[0] / 2));
  return (point) => {
    const along =
      point[0] * (perMm[0] as number) +
      point[1] * (perMm[1] as number) +
      point[2] * (perMm[2] as number);
    return 1 + strength * Math.sin((Math.PI / 2) * along);
  };
}
