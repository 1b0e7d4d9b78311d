import type { Handle } from '../native.js';
import type { Torch } from '../torch.js';

/** One axis along which a window slides over an image. */
export interface SlidingAxis {
  readonly stride: number;
  /** On each side. */
  readonly padding: number;
  /** Of the filter, with dilation counted in. */
  readonly windowSize: number;
}

/**
 * Runs a convolution over [N, C, spatial…] with the strides that it may have.
 *
 * libtorch 2.13 leaves the output unwritten where a batch of one-channel volumes (channels last) gives
 * a single step along the last axis under a stride (seen with AVX-512). A single step needs no stride:
 * it is taken without one, and the steps beyond the first are cut off.
 */
export function withSingleStep(
  t: Torch,
  image: Handle,
  axes: readonly SlidingAxis[],
  convolve: (strides: number[]) => Handle,
): Handle {
  const strides = axes.map((axis) => axis.stride);
  const { stride, padding, windowSize } = axes.at(-1) as SlidingAxis;
  const last = axes.length + 1; // behind batch and channels
  const span = (t.shape(image)[last] as number) + 2 * padding - windowSize;
  if (stride === 1 || span >= stride) return convolve(strides);
  return t.run('narrow', convolve([...strides.slice(0, -1), 1]), last, 0, 1);
}
