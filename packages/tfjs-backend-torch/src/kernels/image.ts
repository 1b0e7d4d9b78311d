import type {
  DepthToSpaceAttrs,
  DepthToSpaceInputs,
  FlipLeftRightInputs,
  KernelConfig,
  ResizeBilinearAttrs,
} from '@tensorflow/tfjs-core';
import { type Handle, ScalarType } from '../native.js';
import type { Torch } from '../torch.js';
import { kernel } from './kernel.js';

type Modes = Pick<ResizeBilinearAttrs, 'alignCorners' | 'halfPixelCenters'>;
type Gradient = { images: Handle; dy: Handle };

export const imageKernels: readonly KernelConfig[] = [
  kernel<{ images: Handle }, ResizeBilinearAttrs>('ResizeBilinear', (t, { images }, attrs) =>
    resized(t, t.cast(images, ScalarType.float32), attrs.size, attrs, linearly),
  ),
  kernel<{ images: Handle }, ResizeBilinearAttrs>('ResizeNearestNeighbor', (t, { images }, attrs) =>
    resized(t, images, attrs.size, attrs, toNearest),
  ),
  kernel<Gradient, Modes>('ResizeBilinearGrad', (t, { images, dy }, attrs) =>
    spread(t, dy, t.shape(images), attrs, linearly),
  ),
  kernel<Gradient, Modes>('ResizeNearestNeighborGrad', (t, { images, dy }, attrs) =>
    spread(t, dy, t.shape(images), attrs, toNearest),
  ),
  kernel<FlipLeftRightInputs>('FlipLeftRight', (t, { image }) => t.run('flip', image, [2])),
  kernel<DepthToSpaceInputs, DepthToSpaceAttrs>(
    'DepthToSpace',
    (t, { x }, { blockSize: block }) => {
      const [batch, height, width, depth] = t.shape(x) as [number, number, number, number];
      const channels = depth / (block * block);
      const blocks = t.run('reshape', x, [batch, height, width, block, block, channels]);
      const beside = t.run('permute', blocks, [0, 1, 3, 2, 4, 5]);
      return t.run('reshape', beside, [batch, height * block, width * block, channels]);
    },
  ),
];

/** Where the pixels of one axis of the output come from: two neighbours and the way between them. */
interface Sources {
  readonly low: Int32Array;
  readonly high: Int32Array;
  /** From low (0) to high (1). */
  readonly fraction: Float32Array;
}
type Interpolation = (from: number, to: number, modes: Modes) => Sources;

/** How far in the input the output's pixels lie apart. */
function stepBetween(from: number, to: number, alignCorners: boolean): number {
  return alignCorners && to > 1 ? (from - 1) / (to - 1) : from / to;
}

const linearly: Interpolation = (from, to, { alignCorners, halfPixelCenters }) => {
  const step = stepBetween(from, to, alignCorners);
  const positions = Float32Array.from({ length: to }, (_, index) =>
    Math.max(0, halfPixelCenters ? step * (index + 0.5) - 0.5 : step * index),
  );
  const low = Int32Array.from(positions, Math.floor);
  const high = Int32Array.from(positions, (position) => Math.min(Math.ceil(position), from - 1));
  return { low, high, fraction: positions.map((position, index) => position - low[index]!) };
};

const toNearest: Interpolation = (from, to, { alignCorners, halfPixelCenters }) => {
  const step = stepBetween(from, to, alignCorners);
  const nearest = Int32Array.from({ length: to }, (_, index) => {
    const position = halfPixelCenters ? step * (index + 0.5) : step * index;
    return Math.min(alignCorners ? Math.round(position) : Math.floor(position), from - 1);
  });
  return { low: nearest, high: nearest, fraction: new Float32Array(to) };
};

const SPATIAL_AXES = [1, 2];

/** [N, H, W, C] to another height and width. */
function resized(
  t: Torch,
  images: Handle,
  size: readonly number[],
  modes: Modes,
  interpolation: Interpolation,
): Handle {
  return SPATIAL_AXES.reduce<Handle>((image, axis, index) => {
    const { low, high, fraction } = interpolation(t.shape(image)[axis]!, size[index]!, modes);
    const below = t.run('index_select', image, axis, indices(t, low));
    if (low === high) return below;
    const above = t.run('index_select', image, axis, indices(t, high));
    return t.run('lerp.Tensor', below, above, along(t, fraction, axis));
  }, images);
}

/** The transpose of `resized`: every pixel of dy goes back to where it came from. */
function spread(
  t: Torch,
  dy: Handle,
  imageShape: readonly number[],
  modes: Modes,
  interpolation: Interpolation,
): Handle {
  return SPATIAL_AXES.reduce<Handle>((gradient, axis) => {
    const shape = t.shape(gradient);
    const { low, high, fraction } = interpolation(imageShape[axis]!, shape[axis]!, modes);
    const zeros = t.full(shape.with(axis, imageShape[axis]!), 0, t.scalarType(gradient));
    if (low === high) return t.run('index_add', zeros, axis, indices(t, low), gradient);
    const toHigh = t.run('mul.Tensor', gradient, along(t, fraction, axis));
    const toLow = t.run('sub.Tensor', gradient, toHigh);
    const sums = t.run('index_add', zeros, axis, indices(t, low), toLow);
    return t.run('index_add', sums, axis, indices(t, high), toHigh);
  }, dy);
}

const indices = (t: Torch, values: Int32Array) =>
  t.fromValues(values, [values.length], ScalarType.int32);

/** One value for each position of an axis, to be broadcast over [N, H, W, C]. */
function along(t: Torch, values: Float32Array, axis: number): Handle {
  return t.fromValues(values, [1, 1, 1, 1].with(axis, values.length), ScalarType.float32);
}
