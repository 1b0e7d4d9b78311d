import {
  add,
  engine,
  type NamedAttrMap,
  pad,
  slice,
  sum,
  type Tensor,
  type Tensor1D,
  type Tensor5D,
} from '@tensorflow/tfjs-core';
import { expectShapes, misfit } from './fit.js';
import { type Operation, run } from './operation.js';

type Triple = readonly [number, number, number];

export interface Conv3dOptions {
  /** Steps over depth, height, width; 1 when left out. */
  readonly strides?: number | Triple;
  /** Zeros on *both* sides of depth, height, width, as PyTorch pads; 0 when left out. */
  readonly padding?: number | Triple;
  readonly bias?: Tensor1D;
}

export interface Conv3dTransposeOptions extends Conv3dOptions {
  /** Added to one side of the output, to choose among the sizes that a stride cannot tell apart. */
  readonly outputPadding?: number | Triple;
}

/** How the filter slides: everything about a convolution but its tensors. */
export type Conv3dAttributes = {
  readonly strides: Triple;
  readonly padding: Triple;
};

const triple = (value: number | Triple): Triple =>
  typeof value === 'number' ? [value, value, value] : value;

const VOLUME = ['N', 'D', 'H', 'W', 'C'];
const CONVOLUTION = { x: VOLUME, filter: ['kd', 'kh', 'kw', 'C', 'out'], bias: ['out'] };
const TRANSPOSED = { ...CONVOLUTION, filter: ['kd', 'kh', 'kw', 'out', 'C'] };

/**
 * 3D convolution with PyTorch's padding (`torch.nn.functional.conv3d`).
 * @param x [batch, depth, height, width, inChannels]
 * @param filter [depth, height, width, inChannels, outChannels]
 * @returns [batch, d, h, w, outChannels], where d = ⌊(depth + 2·padding − filterDepth) / stride⌋ + 1
 * @throws FedvoxError `torch/misfit`
 */
export function conv3d(
  x: Tensor5D,
  filter: Tensor5D,
  { strides = 1, padding = 0, bias }: Conv3dOptions = {},
): Tensor5D {
  const attributes = { strides: triple(strides), padding: triple(padding) };
  const inputs = { x, filter, bias };
  expectShapes('conv3d', inputs, CONVOLUTION);
  const problem = slidingProblem(attributes);
  if (problem !== undefined) throw misfit('conv3d', inputs, problem);
  const reaches = attributes.padding.every(
    (zeros, axis) => x.shape[axis + 1]! + 2 * zeros >= filter.shape[axis]!,
  );
  if (!reaches) throw misfit('conv3d', inputs, 'the filter is larger than the padded volume');
  return run(forward, inputs, attributes);
}

/**
 * Transposed 3D convolution (`torch.nn.functional.conv_transpose3d`), with gradients.
 * @param x [batch, depth, height, width, inChannels]
 * @param filter [depth, height, width, outChannels, inChannels]
 * @returns [batch, d, h, w, outChannels], where
 *   d = (depth − 1)·stride − 2·padding + filterDepth + outputPadding
 * @throws FedvoxError `torch/misfit`
 */
export function conv3dTranspose(
  x: Tensor5D,
  filter: Tensor5D,
  { strides = 1, padding = 0, outputPadding = 0, bias }: Conv3dTransposeOptions = {},
): Tensor5D {
  const attributes = { strides: triple(strides), padding: triple(padding) };
  const extra = triple(outputPadding);
  expectShapes('conv3dTranspose', { x, filter, bias }, TRANSPOSED);
  const sizes = attributes.strides.map(
    (stride, axis) =>
      ((x.shape[axis + 1] as number) - 1) * stride -
      2 * (attributes.padding[axis] as number) +
      (filter.shape[axis] as number) +
      (extra[axis] as number),
  );
  const problem = slidingProblem(attributes) ?? outputProblem(sizes, extra, attributes);
  if (problem !== undefined) throw misfit('conv3dTranspose', { x, filter, bias }, problem);
  const inputShape = [x.shape[0], ...sizes, filter.shape[3]];
  return run(inputGradient, { dy: x, filter, bias }, { ...attributes, inputShape });
}

function slidingProblem({ strides, padding }: Conv3dAttributes): string | undefined {
  if (!areWholeFrom(1, strides)) return `strides are whole numbers from 1 on, not ${strides}`;
  if (!areWholeFrom(0, padding)) return `padding is of whole numbers from 0 on, not ${padding}`;
  return undefined;
}

function outputProblem(
  sizes: readonly number[],
  outputPadding: Triple,
  { strides }: Conv3dAttributes,
): string | undefined {
  const isToldApart = outputPadding.every((extra, axis) => extra < (strides[axis] as number));
  if (!areWholeFrom(0, outputPadding) || !isToldApart) {
    return `outputPadding is of whole numbers from 0 on and below the strides, not ${outputPadding}`;
  }
  return areWholeFrom(1, sizes) ? undefined : `its result would have the sizes ${sizes}`;
}

function areWholeFrom(least: number, values: readonly number[]): boolean {
  return values.every((value) => Number.isInteger(value) && value >= least);
}

/*
 * A convolution and its two gradients are enough for everything: the derivative of each is made of
 * the other two, and the transposed convolution is the gradient with respect to the input.
 */

const ALL_BUT_CHANNELS = [0, 1, 2, 3];

type ForwardInputs = { x: Tensor5D; filter: Tensor5D; bias?: Tensor1D | undefined };

const forward: Operation<ForwardInputs, Conv3dAttributes> = {
  kernelName: 'FedvoxConv3D',
  composed: ({ x, filter, bias }, { strides, padding }) => {
    const attrs = { strides, pad: 'valid', dataFormat: 'NDHWC', dilations: 1 };
    return biased(builtIn('Conv3D', { x: zeroPadded(x, padding), filter }, attrs), bias);
  },
  gradient: {
    inputsToSave: ['x', 'filter'],
    of: (gradient, saved, attributes) => {
      const [dy, x, filter] = [gradient, ...saved] as [Tensor5D, Tensor5D, Tensor5D];
      const { shape: inputShape } = x;
      const { shape: filterShape } = filter;
      return {
        x: () => run(inputGradient, { dy, filter }, { ...attributes, inputShape }),
        filter: () => run(filterGradient, { x, dy }, { ...attributes, filterShape }),
        bias: () => sum(dy, ALL_BUT_CHANNELS),
      };
    },
  },
};

type InputGradientInputs = { dy: Tensor5D; filter: Tensor5D; bias?: Tensor1D | undefined };
export type InputGradientAttributes = Conv3dAttributes & { readonly inputShape: readonly number[] };

const inputGradient: Operation<InputGradientInputs, InputGradientAttributes> = {
  kernelName: 'FedvoxConv3DInputGradient',
  composed: ({ dy, filter, bias }, { strides, padding, inputShape }) => {
    const attrs = { strides, pad: 'valid', inputShape: paddedShape(inputShape, padding) };
    const whole = builtIn('Conv3DBackpropInputV2', { dy, filter }, attrs);
    return biased(slice(whole, [0, ...padding, 0], [...inputShape]), bias);
  },
  gradient: {
    inputsToSave: ['dy', 'filter'],
    of: (gradient, saved, { inputShape: _, ...attributes }) => {
      const [ddx, dy, filter] = [gradient, ...saved] as [Tensor5D, Tensor5D, Tensor5D];
      const { shape: filterShape } = filter;
      return {
        dy: () => run(forward, { x: ddx, filter }, attributes),
        filter: () => run(filterGradient, { x: ddx, dy }, { ...attributes, filterShape }),
        bias: () => sum(ddx, ALL_BUT_CHANNELS),
      };
    },
  },
};

type FilterGradientInputs = { x: Tensor5D; dy: Tensor5D };
export type FilterGradientAttributes = Conv3dAttributes & {
  readonly filterShape: readonly number[];
};

const filterGradient: Operation<FilterGradientInputs, FilterGradientAttributes> = {
  kernelName: 'FedvoxConv3DFilterGradient',
  composed: ({ x, dy }, { strides, padding, filterShape }) => {
    const attrs = { strides, pad: 'valid', filterShape };
    return builtIn('Conv3DBackpropFilterV2', { x: zeroPadded(x, padding), dy }, attrs);
  },
  gradient: {
    inputsToSave: ['x', 'dy'],
    of: (gradient, saved, { filterShape: _, ...attributes }) => {
      const [filter, x, dy] = [gradient, ...saved] as [Tensor5D, Tensor5D, Tensor5D];
      const { shape: inputShape } = x;
      return {
        x: () => run(inputGradient, { dy, filter }, { ...attributes, inputShape }),
        dy: () => run(forward, { x, filter }, attributes),
      };
    },
  },
};

function builtIn(kernelName: string, inputs: Record<string, Tensor>, attrs: object): Tensor5D {
  return engine().runKernel(kernelName, inputs, attrs as NamedAttrMap);
}

function biased(y: Tensor5D, bias: Tensor1D | undefined): Tensor5D {
  return bias === undefined ? y : add(y, bias);
}

function zeroPadded(x: Tensor5D, padding: Triple): Tensor5D {
  if (padding.every((size) => size === 0)) return x;
  return pad(x, [[0, 0], ...padding.map((size) => [size, size] as [number, number]), [0, 0]]);
}

function paddedShape(shape: readonly number[], padding: Triple): number[] {
  return shape.map((size, axis) => size + 2 * (padding[axis - 1] ?? 0));
}
