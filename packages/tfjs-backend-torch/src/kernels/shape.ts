import {
  type BatchToSpaceNDAttrs,
  type BatchToSpaceNDInputs,
  backend_util,
  type ConcatAttrs,
  type ExpandDimsAttrs,
  type KernelConfig,
  type MirrorPadAttrs,
  type PackAttrs,
  type PadV2Attrs,
  type ReverseAttrs,
  type SliceAttrs,
  type SpaceToBatchNDAttrs,
  type SpaceToBatchNDInputs,
  type SplitVAttrs,
  type StridedSliceAttrs,
  slice_util,
  type TileAttrs,
  type TransposeAttrs,
  type UnpackAttrs,
  util,
} from '@tensorflow/tfjs-core';
import { dtypeOf } from '../backend.js';
import { fail } from '../errors.js';
import type { Handle } from '../native.js';
import type { Torch } from '../torch.js';
import { kernel, type List, listed } from './kernel.js';

type X = { x: unknown };

/*
 * What is cut out of a tensor is copied unless it lies in one piece: operators that come after read a
 * view of short runs many times slower, and a view keeps the whole tensor in memory.
 */

export const shapeKernels: readonly KernelConfig[] = [
  kernel<List, ConcatAttrs>('Concat', (t, inputs, { axis }) => concat(t, listed(inputs), axis)),
  kernel<List, PackAttrs>('Pack', (t, inputs, { axis }) => stack(t, listed(inputs), axis)),
  kernel<{ value: unknown }, UnpackAttrs>(
    'Unpack',
    (t, { value }, { axis }) => t.runMany('unbind.int', value, axis) as Handle[],
  ),
  kernel<X, SplitVAttrs>('SplitV', (t, { x }, { numOrSizeSplits, axis }) => {
    const [dim] = util.parseAxisParam(axis, t.shape(x)) as [number];
    const shaped = { shape: t.shape(x) } as never; // All that tfjs reads of it.
    const sizes = backend_util.prepareSplitSize(shaped, numOrSizeSplits, dim);
    const parts = t.runMany('split_with_sizes', x, sizes, dim) as Handle[];
    return parts.map((part) => t.run('contiguous', part));
  }),
  kernel<{ input: unknown }, ExpandDimsAttrs>('ExpandDims', (t, { input }, { dim }) =>
    t.run('unsqueeze', input, dim),
  ),
  kernel<X, TransposeAttrs>('Transpose', (t, { x }, { perm }) => t.run('permute', x, perm)),
  kernel<X, TileAttrs>('Tile', (t, { x }, { reps }) => t.run('repeat', x, reps)),
  kernel<X>('Diag', (t, { x }) => {
    const shape = t.shape(x);
    return t.run('reshape', t.run('diag', t.run('reshape', x, [-1])), [...shape, ...shape]);
  }),
  kernel<X, ReverseAttrs>('Reverse', (t, { x }, { dims }) =>
    t.run('flip', x, util.parseAxisParam(dims as number[], t.shape(x))),
  ),
  kernel<X, SliceAttrs>('Slice', (t, { x }, attrs) => {
    const shaped = { shape: t.shape(x) } as never; // All that tfjs reads of it.
    const [begin, size] = slice_util.parseSliceParams(
      shaped,
      attrs.begin,
      attrs.size,
    ) as number[][];
    return t.run('contiguous', slice(t, x, begin as number[], size as number[]));
  }),
  kernel<X, StridedSliceAttrs>('StridedSlice', stridedSlice),
  kernel<X, PadV2Attrs>('PadV2', (t, { x }, { paddings, constantValue }) =>
    t.run('constant_pad_nd', x, innermostFirst(paddings), constantValue),
  ),
  kernel<X, MirrorPadAttrs>('MirrorPad', (t, { x }, { paddings, mode }) =>
    paddings.reduce((padded, sides, dim) => mirror(t, padded, dim, sides, mode), x),
  ),
  kernel<SpaceToBatchNDInputs, SpaceToBatchNDAttrs>('SpaceToBatchND', spaceToBatch),
  kernel<BatchToSpaceNDInputs, BatchToSpaceNDAttrs>('BatchToSpaceND', batchToSpace),
];

/** ATen lists padding from the last axis to the first. */
export function innermostFirst(paddings: readonly (readonly [number, number])[]): number[] {
  return [...paddings].reverse().flat();
}

function concat(t: Torch, tensors: readonly Handle[], axis: number): Handle {
  const [dim] = util.parseAxisParam(axis, t.shape(tensors[0] as Handle)) as [number];
  return t.run('cat', tensors, dim);
}

/** ATen would promote tensors of different types to a common one; tfjs refuses them. */
function stack(t: Torch, tensors: readonly Handle[], axis: number): Handle {
  const dtypes = new Set(tensors.map((tensor) => dtypeOf(t.scalarType(tensor))));
  if (dtypes.size > 1) throw fail('mixed-dtypes', { dtypes: [...dtypes].join(', ') });
  return t.run('stack', tensors, axis);
}

function slice(t: Torch, x: Handle, begin: readonly number[], size: readonly number[]): Handle {
  const shape = t.shape(x);
  return begin.reduce<Handle>((part, start, dim) => {
    const length = size[dim] as number;
    if (start === 0 && length === shape[dim]) return part;
    return t.run('narrow', part, dim, start, length);
  }, x);
}

function stridedSlice(t: Torch, { x }: { x: Handle }, attrs: StridedSliceAttrs): Handle {
  const info = slice_util.sliceInfo(
    t.shape(x),
    attrs.begin,
    attrs.end,
    attrs.strides,
    attrs.beginMask,
    attrs.endMask,
    attrs.ellipsisMask,
    attrs.newAxisMask,
    attrs.shrinkAxisMask,
  );
  const { begin, end, strides, finalShape } = info;
  const part = begin.reduce<Handle>((of, start, dim) => {
    const [stop, stride] = [end[dim] as number, strides[dim] as number];
    if (stride > 0) return t.run('slice.Tensor', of, dim, start, Math.max(start, stop), stride);
    // ATen has no negative strides: take the same elements upwards, then turn them round.
    const count = Math.max(0, Math.ceil((stop - start) / stride));
    const lowest = start + (count - 1) * stride;
    const upwards = t.run('slice.Tensor', of, dim, Math.max(lowest, 0), start + 1, -stride);
    return t.run('flip', count === 0 ? t.run('narrow', of, dim, 0, 0) : upwards, [dim]);
  }, x);
  return t.run('reshape', part, finalShape);
}

/** `reflect` leaves the edge out, `symmetric` repeats it. */
function mirror(
  t: Torch,
  x: Handle,
  dim: number,
  [before, after]: readonly [number, number],
  mode: 'reflect' | 'symmetric',
): Handle {
  const length = t.shape(x)[dim] as number;
  const edge = mode === 'reflect' ? 1 : 0;
  const turned = (start: number, count: number) =>
    t.run('flip', t.run('narrow', x, dim, start, count), [dim]);
  const parts = [x];
  if (before > 0) parts.unshift(turned(edge, before));
  if (after > 0) parts.push(turned(length - edge - after, after));
  return parts.length === 1 ? x : t.run('cat', parts, dim);
}

function spaceToBatch(t: Torch, { x }: { x: Handle }, attrs: SpaceToBatchNDAttrs): Handle {
  const { blockShape, paddings } = attrs;
  const blockSize = util.sizeFromShape(blockShape);
  const rank = t.shape(x).length;
  const sides: [number, number][] = [[0, 0], ...(paddings as [number, number][])];
  while (sides.length < rank) sides.push([0, 0]);
  const padded = t.run('constant_pad_nd', x, innermostFirst(sides), 0);
  const shape = t.shape(padded);
  const split = backend_util.getReshaped(shape, blockShape, blockSize, false);
  const order = backend_util.getPermuted(split.length, blockShape.length, false);
  const final = backend_util.getReshapedPermuted(shape, blockShape, blockSize, false);
  return t.run('reshape', t.run('permute', t.run('reshape', padded, split), order), final);
}

function batchToSpace(t: Torch, { x }: { x: Handle }, attrs: BatchToSpaceNDAttrs): Handle {
  const { blockShape, crops } = attrs;
  const blockSize = util.sizeFromShape(blockShape);
  const shape = t.shape(x);
  const split = backend_util.getReshaped(shape, blockShape, blockSize);
  const order = backend_util.getPermuted(split.length, blockShape.length);
  const joined = backend_util.getReshapedPermuted(shape, blockShape, blockSize);
  const begin = backend_util.getSliceBeginCoords(crops, blockShape.length);
  const size = backend_util.getSliceSize(joined, crops, blockShape.length);
  const space = t.run('reshape', t.run('permute', t.run('reshape', x, split), order), joined);
  return slice(t, space, begin, size);
}
