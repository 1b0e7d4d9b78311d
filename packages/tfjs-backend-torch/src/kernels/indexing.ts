import {
  backend_util,
  type GatherNdInputs,
  type GatherV2Attrs,
  type GatherV2Inputs,
  type KernelConfig,
  type ScatterNdAttrs,
  type ScatterNdInputs,
  type SearchSortedAttrs,
  type SearchSortedInputs,
  type SelectInputs,
  type TensorScatterUpdateInputs,
  type TopKAttrs,
  type TopKInputs,
  type UnsortedSegmentSumAttrs,
  type UnsortedSegmentSumInputs,
  util,
} from '@tensorflow/tfjs-core';
import { type Handle, ScalarType } from '../native.js';
import type { Torch } from '../torch.js';
import { type Handles, kernel } from './kernel.js';

export const indexingKernels: readonly KernelConfig[] = [
  kernel<SelectInputs>('Select', (t, { condition, t: chosen, e: otherwise }) => {
    const [flags, values] = [t.shape(condition), t.shape(chosen)];
    // A vector of conditions chooses among the rows of what is chosen from.
    const trailing = flags.length === 1 ? values.slice(1).map(() => 1) : [];
    const where = t.run('reshape', condition, [...flags, ...trailing]);
    return t.run('where.self', t.cast(where, ScalarType.bool), chosen, otherwise);
  }),
  kernel<GatherV2Inputs, GatherV2Attrs>('GatherV2', gather),
  kernel<GatherNdInputs>('GatherNd', (t, { params, indices }) => {
    const shape = t.shape(params);
    const depth = t.shape(indices).at(-1) as number;
    const slices = t.run('reshape', params, rowsOf(shape, depth));
    const picked = t.run('index_select', slices, 0, flatIndices(t, indices, shape));
    return t.run('reshape', picked, [...t.shape(indices).slice(0, -1), ...shape.slice(depth)]);
  }),
  kernel<ScatterNdInputs, ScatterNdAttrs>('ScatterNd', (t, { indices, updates }, { shape }) => {
    const tuples = asTuples(t, indices);
    const rows = rowsOf(shape, t.shape(tuples)[1] as number);
    const zeros = t.full(rows, 0, t.scalarType(updates));
    const values = t.run('reshape', updates, [-1, rows[1]]);
    const sums = t.run('index_add', zeros, 0, flatIndices(t, tuples, shape), values);
    return t.run('reshape', sums, shape);
  }),
  kernel<TensorScatterUpdateInputs>('TensorScatterUpdate', (t, { tensor, indices, updates }) => {
    const [shape, tuples] = [t.shape(tensor), asTuples(t, indices)];
    const rows = rowsOf(shape, t.shape(tuples)[1] as number);
    const values = t.run('reshape', updates, [-1, rows[1]]);
    const where = t.cast(flatIndices(t, tuples, shape), ScalarType.int64);
    const updated = t.run('index_copy', t.run('reshape', tensor, rows), 0, where, values);
    return t.run('reshape', updated, shape);
  }),
  kernel<TopKInputs, TopKAttrs>('TopK', (t, { x }, { k }) => {
    // Stable, because of equal values tfjs gives the one that stands first.
    const [values, indices] = t.runMany('sort.stable', x, true, -1, true) as [Handle, Handle];
    return [t.run('narrow', values, -1, 0, k), t.run('narrow', indices, -1, 0, k)];
  }),
  kernel<UnsortedSegmentSumInputs, UnsortedSegmentSumAttrs>('UnsortedSegmentSum', segmentSum),
  kernel<SearchSortedInputs, SearchSortedAttrs>(
    'SearchSorted',
    (t, { sortedSequence, values }, { side }) =>
      t.run('searchsorted.Tensor', sortedSequence, values, true, side === 'right'),
  ),
];

/** A tensor of `shape` as rows: the first `depth` axes say which, the others are its elements. */
function rowsOf(shape: readonly number[], depth: number): [number, number] {
  return [util.sizeFromShape(shape.slice(0, depth)), util.sizeFromShape(shape.slice(depth))];
}

/** Indices to scatter to as [count, depth]; tfjs takes a vector for tuples of one. */
function asTuples(t: Torch, indices: Handle): Handle {
  const shape = t.shape(indices);
  return t.run('reshape', indices, [-1, shape.length > 1 ? (shape.at(-1) as number) : 1]);
}

/** Index tuples [..., depth] into the first axes of `shape`, as numbers of rows. */
function flatIndices(t: Torch, indices: Handle, shape: readonly number[]): Handle {
  const depth = t.shape(indices).at(-1) as number;
  const strides = Array.from({ length: depth }, (_, axis) =>
    util.sizeFromShape(shape.slice(axis + 1, depth)),
  );
  const weights = t.fromValues(Int32Array.from(strides), [depth], ScalarType.int32);
  const sums = t.run('sum.dim_IntList', t.run('mul.Tensor', indices, weights), [-1]);
  return t.run('reshape', sums, [-1]);
}

function gather(
  t: Torch,
  { x, indices }: Handles<GatherV2Inputs>,
  { axis, batchDims }: GatherV2Attrs,
): Handle {
  const [dim] = util.parseAxisParam(axis, t.shape(x)) as [number];
  const shaped = (handle: Handle) => ({ shape: t.shape(handle) }) as never; // All that tfjs reads.
  const info = backend_util.segment_util.collectGatherOpShapeInfo(
    shaped(x),
    shaped(indices),
    dim,
    batchDims,
  );
  const { batchSize, outerSize, dimSize, sliceSize, outputShape } = info;
  const table = t.run('reshape', x, [batchSize, outerSize, dimSize, sliceSize]);
  const picks = t.run('reshape', t.cast(indices, ScalarType.int64), [batchSize, 1, -1, 1]);
  const count = t.shape(picks)[2] as number;
  const everywhere = t.run('expand', picks, [batchSize, outerSize, count, sliceSize]);
  return t.run('reshape', t.run('gather', table, 2, everywhere), outputShape);
}

/** Ids outside 0 … numSegments − 1 belong to no segment. */
function segmentSum(
  t: Torch,
  { x, segmentIds }: Handles<UnsortedSegmentSumInputs>,
  { numSegments }: UnsortedSegmentSumAttrs,
): Handle {
  const rest = t.shape(x).slice(t.shape(segmentIds).length);
  const ids = t.run('reshape', segmentIds, [-1]);
  const belongs = t.run(
    'logical_and',
    t.run('ge.Scalar', ids, 0),
    t.run('lt.Scalar', ids, numSegments),
  );
  const nowhere = t.full([], numSegments, ScalarType.int32);
  const rows = t.run('where.self', belongs, ids, nowhere);
  const zeros = t.full([numSegments + 1, ...rest], 0, t.scalarType(x));
  const sums = t.run('index_add', zeros, 0, rows, t.run('reshape', x, [-1, ...rest]));
  return t.run('narrow', sums, 0, 0, numSegments);
}
