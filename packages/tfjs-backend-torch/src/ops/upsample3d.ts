import {
  matMul,
  reshape,
  type Tensor,
  type Tensor2D,
  type Tensor5D,
  tensor2d,
  transpose,
} from '@tensorflow/tfjs-core';
import { type Operation, run } from './operation.js';

type Triple = readonly [number, number, number];

export interface UpsampleOptions {
  /** Depth, height and width of the output. */
  readonly size: Triple;
  /** `trilinear` when left out. */
  readonly mode?: UpsampleMode;
  /** Whether the centres of the corner voxels fall together, rather than their outer corners. */
  readonly alignCorners?: boolean;
}

export type UpsampleMode = 'nearest' | 'trilinear';

/** How values move from one grid to another: everything but the tensors. */
export type UpsampleAttributes = {
  /** The spatial sizes of the coarse and the fine grid. */
  readonly from: Triple;
  readonly to: Triple;
  readonly mode: UpsampleMode;
  readonly alignCorners: boolean;
};

/**
 * Resizes volumes (`torch.nn.functional.interpolate`).
 * @param x [batch, depth, height, width, channels]
 * @returns [batch, ...size, channels]
 */
export function upsample3d(
  x: Tensor5D,
  { size, mode = 'trilinear', alignCorners = false }: UpsampleOptions,
): Tensor5D {
  const [, ...rest] = x.shape;
  const from = rest.slice(0, 3) as unknown as Triple;
  return run(forward, { x }, { from, to: size, mode, alignCorners });
}

const forward: Operation<{ x: Tensor5D }, UpsampleAttributes> = {
  kernelName: 'FedvoxUpsample3D',
  composed: ({ x }, attributes) => alongAxes(x, weightsOf(attributes)),
  gradient: {
    of: (dy, _, attributes) => ({
      x: () => run(inputGradient, { dy: dy as Tensor5D }, attributes),
    }),
  },
};

const inputGradient: Operation<{ dy: Tensor5D }, UpsampleAttributes> = {
  kernelName: 'FedvoxUpsample3DGradient',
  composed: ({ dy }, attributes) =>
    alongAxes(
      dy,
      weightsOf(attributes).map((weights) => transpose(weights)),
    ),
  gradient: {
    of: (ddx, _, attributes) => ({
      dy: () => run(forward, { x: ddx as Tensor5D }, attributes),
    }),
  },
};

/** Interpolation is separable: one matrix [to, from] for each spatial axis. */
function weightsOf({ from, to, mode, alignCorners }: UpsampleAttributes): Tensor2D[] {
  return from.map((size, axis) => {
    const outputs = to[axis] as number;
    const rows = Array.from({ length: outputs }, (_, index) =>
      mode === 'nearest'
        ? nearestWeights(index, size, outputs)
        : linearWeights(index, size, outputs, alignCorners),
    );
    return tensor2d(rows, [outputs, size]);
  });
}

function nearestWeights(index: number, from: number, to: number): number[] {
  const source = Math.min(Math.floor((index * from) / to), from - 1);
  return Array.from({ length: from }, (_, position) => (position === source ? 1 : 0));
}

function linearWeights(index: number, from: number, to: number, alignCorners: boolean): number[] {
  const aligned = to > 1 ? (index * (from - 1)) / (to - 1) : 0;
  const centred = Math.max(0, ((index + 0.5) * from) / to - 0.5);
  const source = Math.min(alignCorners ? aligned : centred, from - 1);
  return Array.from({ length: from }, (_, position) =>
    Math.max(0, 1 - Math.abs(position - source)),
  );
}

/** Multiplies [N, D, H, W, C] by a matrix [new, old] along each spatial axis in turn. */
function alongAxes(x: Tensor5D, matrices: readonly Tensor2D[]): Tensor5D {
  return matrices.reduce<Tensor>((volume, matrix, index) => {
    const [axis, shape] = [index + 1, volume.shape];
    const before = shape.slice(0, axis).reduce((product, size) => product * size, 1);
    const after = shape.slice(axis + 1).reduce((product, size) => product * size, 1);
    const lines = reshape(volume, [before, shape[axis] as number, after]);
    const resized = matMul(reshape(matrix, [1, ...matrix.shape]), lines);
    return reshape(resized, shape.with(axis, matrix.shape[0]));
  }, x) as Tensor5D;
}
