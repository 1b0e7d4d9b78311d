import { z } from 'zod';
import type { Size } from '../names.js';

/** What both sides know of one network. */
export interface NetworkTerms<Schema extends z.ZodType> {
  /** What a job may say of it. */
  readonly schema: Schema;
  /** Of what each axis of its input must be a multiple, for its levels to meet. */
  readonly sizeDivisor: (spec: z.output<Schema>) => Size;
  /** Whether its norms have parameters that are trained. */
  readonly hasNormParameters: (spec: z.output<Schema>) => boolean;
  /** What becomes of its statistics; null where it has none. */
  readonly statistics: (spec: z.output<Schema>) => Statistics | null;
  /**
   * Whether a norm at its bottom looks at each channel by itself: of one voxel it would give nothing but
   * rounding, which the optimizer turns into steps.
   */
  readonly needsTwoVoxels: (spec: z.output<Schema>) => boolean;
}

/**
 * What becomes of the statistics that a batch norm counts while it is trained: they are averaged with the
 * weights, they stay at their site, or none are counted and those that the job begins with are used.
 */
export const STATISTICS = ['averaged', 'local', 'frozen'] as const;
export type Statistics = (typeof STATISTICS)[number];

export const positiveInt = z.number().int().positive();
export const inChannelsSchema = positiveInt.max(16).default(1);

/** The part that is left out in each step of training; none where absent. */
export const dropoutSchema = z.number().min(0).lt(1).optional();

/** The same along every axis. */
export const cube = (length: number): Size => [length, length, length];
