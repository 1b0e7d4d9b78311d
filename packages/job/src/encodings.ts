import { z } from 'zod';
import { unionOf } from './kinds.js';
import type { StrategyKind } from './strategies.js';

/** Strategies that an encoding is refused with, and why. */
type Refusals = Readonly<Partial<Record<StrategyKind, string>>>;

/** Its corrections add up to nothing only where each site's update counts as it was trained. */
const INEXACT: Refusals = { scaffold: 'what is sent is not what was trained, to the bit' };
const OF_FEW = 'a value that few sites send is 0 to the others';
const SPARSE: Refusals = { ...INEXACT, median: OF_FEW, 'trimmed-mean': OF_FEW };

/**
 * The encodings of a delta on its way that a job can name: what it may say of each, whether a site keeps
 * what an encoding leaves of its deltas, and sends it with the next, and the strategies that it is refused
 * with. How each is written is a file of `weights`.
 */
export const ENCODING_TERMS = {
  /** Every value as it is: what a job asks for that names no encoding. */
  float32: {
    schema: z.strictObject({ kind: z.literal('float32') }),
    keepsResidual: false,
    refusedWith: {},
  },
  /** The upper half of each value. */
  bfloat16: {
    schema: z.strictObject({ kind: z.literal('bfloat16') }),
    keepsResidual: false,
    refusedWith: INEXACT,
  },
  /** Eight bits for each value, and a scale for each channel. */
  int8: {
    schema: z.strictObject({ kind: z.literal('int8') }),
    keepsResidual: true,
    refusedWith: INEXACT,
  },
  /** The values of largest magnitude: Stich, Cordonnier and Jaggi, NeurIPS 2018. */
  'top-k': {
    schema: z.strictObject({
      kind: z.literal('top-k'),
      fraction: z
        .number()
        .min(1e-4)
        .max(0.5)
        .default(0.05)
        .describe('So many of the values are sent'),
    }),
    keepsResidual: true,
    refusedWith: SPARSE,
  },
} as const;

export type EncodingKind = keyof typeof ENCODING_TERMS;
export const ENCODING_KINDS = Object.keys(ENCODING_TERMS) as EncodingKind[];
export const encodingSchema = unionOf(ENCODING_TERMS);
/** What a job says of the encoding of its deltas. */
export type EncodingSpec = z.output<typeof encodingSchema>;

/** Of a job that names none. */
export const PLAIN: EncodingSpec = { kind: 'float32' };

/** Why a job cannot be of both; undefined where it can. */
export function encodingFault({ kind }: EncodingSpec, strategy: StrategyKind): string | undefined {
  const refusals: Refusals = ENCODING_TERMS[kind].refusedWith;
  const reason = refusals[strategy];
  return reason && `is ${kind}, which ${strategy} cannot be computed from: ${reason}`;
}
