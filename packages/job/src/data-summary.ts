import { z } from 'zod';

const perAxis = <Each extends z.ZodType>(each: Each) => z.tuple([each, each, each]);
const spacingMm = perAxis(z.number().positive().max(1_000));
const intensity = z.number().finite();

/**
 * What a site's labelled cases are like, in a few rounded numbers and nothing of any one of them: all that planning a job
 * for a federation takes. Along right, anterior and superior.
 */
export const dataSummarySchema = z.strictObject({
  /** Null where the site tells no number. */
  cases: z.number().int().positive().max(0xffff_ffff).nullable(),
  /** Medians. */
  spacingMm,
  /** The tenth percentile. */
  leastSpacingMm: spacingMm,
  /** Voxels, what is empty around a scan cut off; medians. */
  size: perAxis(z.number().int().positive().max(65_535)),
  /** The part of a scan that is left by that; the median. */
  keptPart: z.number().positive().max(1),
  /** Of the voxels of all structures, in the scanner's units. */
  mean: intensity,
  standardDeviation: intensity.min(0),
  /** The 0.5 and 99.5 percentiles. */
  low: intensity,
  high: intensity,
});

export type DataSummary = Readonly<z.output<typeof dataSummarySchema>>;
