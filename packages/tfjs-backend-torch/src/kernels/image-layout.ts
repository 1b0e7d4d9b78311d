import type { Handle } from '../native.js';
import type { Torch } from '../torch.js';

/*
 * tfjs keeps channels last, ATen's operators want them second. A permute costs nothing: what is
 * contiguous to tfjs is "channels last" to ATen, which its convolutions prefer anyway.
 */

/** [N, spatial…, C] seen as [N, C, spatial…]. */
export function channelsSecond(t: Torch, x: Handle): Handle {
  const rank = t.shape(x).length;
  return t.run('permute', x, [0, rank - 1, ...range(1, rank - 1)]);
}

/** [N, C, spatial…] seen as [N, spatial…, C]. */
export function channelsLast(t: Torch, x: Handle): Handle {
  const rank = t.shape(x).length;
  return t.run('permute', x, [0, ...range(2, rank), 1]);
}

/** How a tfjs image lies: the way to ATen's [N, C, spatial…] and back. */
export interface ImageLayout {
  toTorch(t: Torch, image: Handle): Handle;
  fromTorch(t: Torch, image: Handle): Handle;
  /** A tensor over the channels, [C], made to broadcast over such an image. */
  overChannels(t: Torch, values: Handle): Handle;
}

export const CHANNELS_LAST: ImageLayout = {
  toTorch: channelsSecond,
  fromTorch: channelsLast,
  overChannels: (_, values) => values,
};

/** tfjs's `NCHW`. */
export const CHANNELS_FIRST: ImageLayout = {
  toTorch: (_, image) => image,
  fromTorch: (_, image) => image,
  overChannels: (t, values) =>
    t.shape(values).length === 1 ? t.run('reshape', values, [-1, 1, 1]) : values,
};

/** A filter [spatial…, in, out] seen as [out, in, spatial…]. */
export function filterOutFirst(t: Torch, filter: Handle): Handle {
  const rank = t.shape(filter).length;
  return t.run('permute', filter, [rank - 1, rank - 2, ...range(0, rank - 2)]);
}

/** A filter [out, in, spatial…] seen as [spatial…, in, out]. */
export function filterOutLast(t: Torch, filter: Handle): Handle {
  const rank = t.shape(filter).length;
  return t.run('permute', filter, [...range(2, rank), 1, 0]);
}

function range(start: number, end: number): number[] {
  return Array.from({ length: end - start }, (_, index) => start + index);
}
