import { z } from 'zod';
import { unionOf } from './kinds.js';

const positiveInt = z.number().int().positive();

/** MONAI's `UNet`, layer for layer; output channels are the job's classes. */
const unetSchema = z
  .strictObject({
    kind: z.literal('unet'),
    inChannels: positiveInt.max(16).default(1),
    /** Channels of each level, from the top down. */
    channels: z.array(positiveInt.max(2048)).min(2).max(8),
    /** Stride between consecutive levels: one fewer than `channels`. */
    strides: z.array(positiveInt.max(4)).min(1),
    residualUnits: z.number().int().min(0).max(8).default(2),
    /** As MONAI's `norm: ('instance', {affine: …})`; without parameters where absent. */
    norm: z.strictObject({ kind: z.literal('instance'), affine: z.boolean() }).optional(),
  })
  .refine((network) => network.strides.length === network.channels.length - 1, {
    path: ['strides'],
    message: 'must have exactly one stride fewer than there are channels',
  });

/** What both sides know of one network. */
interface NetworkTerms<Schema extends z.ZodType> {
  /** What a job may say of it. */
  readonly schema: Schema;
  /** Of what every axis of its input must be a multiple, for its levels to meet. */
  readonly sizeDivisor: (spec: z.output<Schema>) => number;
  /** Whether its norms have parameters that are trained. */
  readonly hasNormParameters: (spec: z.output<Schema>) => boolean;
}

const unet: NetworkTerms<typeof unetSchema> = {
  schema: unetSchema,
  sizeDivisor: ({ strides }) => strides.reduce((product, stride) => product * stride, 1),
  hasNormParameters: ({ norm }) => norm?.affine === true,
};

/**
 * The networks that a job can name. How one is built, and what its parameters are, is the row of its
 * kind in `learning`, which does not compile while one is missing.
 */
export const NETWORK_TERMS = { unet } as const;

export type NetworkKind = keyof typeof NETWORK_TERMS;
export const NETWORK_KINDS = Object.keys(NETWORK_TERMS) as NetworkKind[];
export const networkSchema = unionOf(NETWORK_TERMS);
/** What a job says of its network; of one kind where it is named. */
export type NetworkSpec<Kind extends NetworkKind = NetworkKind> = Extract<
  z.output<typeof networkSchema>,
  { kind: Kind }
>;

/** Sizes a volume must be multiples of, per axis. */
export function sizeDivisor(network: NetworkSpec): number {
  // A spec is what the row of its kind takes, which a lookup cannot express.
  const divisor = NETWORK_TERMS[network.kind].sizeDivisor as (spec: NetworkSpec) => number;
  return divisor(network);
}

/** Whether the network's norms have parameters that are trained. */
export function hasNormParameters(network: NetworkSpec): boolean {
  const has = NETWORK_TERMS[network.kind].hasNormParameters as (spec: NetworkSpec) => boolean;
  return has(network);
}
