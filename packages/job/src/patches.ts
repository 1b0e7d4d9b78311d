import { z } from 'zod';
import { unionOf } from './kinds.js';
import { type Size, sizeSchema } from './names.js';

const share = z.number().min(0);

/** Where patches lie, by kind: what a job may say of each. Which voxels these are is `learning`'s to draw. */
export const SAMPLING_TERMS = {
  /**
   * positive / (positive + negative) of a case's patches are centred on a labelled voxel, the others on
   * background, each voxel as likely as the next: MONAI's `RandCropByPosNegLabel`.
   */
  'pos-neg': {
    schema: z
      .strictObject({
        kind: z.literal('pos-neg'),
        positive: share
          .default(1)
          .describe('Of patches centred on a labelled voxel, in proportion to `negative`'),
        negative: share.default(1).describe('Of patches centred on background'),
      })
      .refine(({ positive, negative }) => positive + negative > 0, {
        path: ['positive'],
        message: 'must be above 0 where `negative` is not',
      }),
  },
  /**
   * At least this part of every batch's patches is centred on a voxel of a foreground class, each class of
   * the case as likely as the next; the others lie anywhere: nnU-Net (Isensee et al., Nature Methods 2021).
   */
  oversampled: {
    schema: z.strictObject({
      kind: z.literal('oversampled'),
      foreground: z
        .number()
        .min(0)
        .max(1)
        .default(0.33)
        .describe(
          'At least this part of every batch’s patches is centred on a voxel of a foreground class',
        ),
    }),
  },
} as const;

export const samplingSchema = unionOf(SAMPLING_TERMS);

/** How cases that do not fit are trained on. */
export const patchesSchema = z.strictObject({
  size: sizeSchema.describe('In voxels; a volume that is smaller lies in the middle of zeros'),
  perCase: z
    .number()
    .int()
    .positive()
    .max(1024)
    .default(1)
    .describe('Patches that an epoch shows of each case'),
  sampling: samplingSchema.prefault({ kind: 'pos-neg' }).describe('Where they lie'),
});

export type SamplingSpec = z.output<typeof samplingSchema>;
export type SamplingKind = SamplingSpec['kind'];
export type PatchesSpec = z.output<typeof patchesSchema>;

/** What an epoch shows of so many cases: them, or their patches. */
export function samplesOf(cases: number, patches: PatchesSpec | undefined): number {
  return cases * (patches?.perCase ?? 1);
}

interface Windowed<Inference> {
  readonly inference: Inference;
  readonly training: { readonly patches?: PatchesSpec | undefined };
}

/** How a job's model predicts: by windows as large as the patches that it is trained on, where it says no other. */
export function inferenceOf<Inference extends { readonly roi?: Size | undefined }>({
  inference,
  training,
}: Windowed<Inference>): Inference {
  const roi = inference.roi ?? training.patches?.size;
  return { ...inference, ...(roi && { roi }) };
}
