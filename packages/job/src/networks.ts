import type { z } from 'zod';
import { unionOf } from './kinds.js';
import type { Size } from './names.js';
import { densenet } from './networks/densenet-terms.js';
import { dynunet } from './networks/dynunet-terms.js';
import { segresnet } from './networks/segresnet-terms.js';
import { swinUnetr } from './networks/swin-unetr-terms.js';
import type { NetworkTerms, Statistics } from './networks/terms.js';
import { unet } from './networks/unet-terms.js';

/**
 * The networks that a job can name, a file each. How one is built, and what its parameters are, is the
 * row of its kind in `learning`, which does not compile while one is missing.
 */
export const NETWORK_TERMS = {
  unet,
  segresnet,
  dynunet,
  densenet,
  'swin-unetr': swinUnetr,
} as const;

export type NetworkKind = keyof typeof NETWORK_TERMS;
export const NETWORK_KINDS = Object.keys(NETWORK_TERMS) as NetworkKind[];
export const networkSchema = unionOf(NETWORK_TERMS);
/** What a job says of its network; of one kind where it is named. */
export type NetworkSpec<Kind extends NetworkKind = NetworkKind> = Extract<
  z.output<typeof networkSchema>,
  { kind: Kind }
>;

/** Of what a volume's size must be a multiple, along each axis. */
export function sizeDivisor(network: NetworkSpec): Size {
  return termsOf(network).sizeDivisor(network);
}

/** Voxels along each axis at the network's bottom, of a volume of this size. */
export function bottomSize(network: NetworkSpec, size: Size): Size {
  const { sizeDivisor, bottomLength } = termsOf(network);
  const divisor = sizeDivisor(network);
  return size.map(
    (length, axis) =>
      bottomLength?.(network, length) ?? Math.floor(length / (divisor[axis] as number)),
  ) as Size;
}

/** Whether the network says one class of a whole case, and not of each voxel. */
export function classifiesCases(network: NetworkSpec): boolean {
  return termsOf(network).classifies === 'cases';
}

/** Whether the network's norms have parameters that are trained. */
export function hasNormParameters(network: NetworkSpec): boolean {
  return termsOf(network).hasNormParameters(network);
}

/** What becomes of the statistics that the network counts in training; null where it counts none. */
export function statisticsOf(network: NetworkSpec): Statistics | null {
  return termsOf(network).statistics(network);
}

/** Whether the network cannot do with one voxel at its bottom. */
export function needsTwoVoxels(network: NetworkSpec): boolean {
  return termsOf(network).needsTwoVoxels(network);
}

/** A spec is what the row of its kind takes, which a lookup cannot express. */
function termsOf({ kind }: NetworkSpec): NetworkTerms<z.ZodType<NetworkSpec>> {
  return NETWORK_TERMS[kind] as unknown as NetworkTerms<z.ZodType<NetworkSpec>>;
}
