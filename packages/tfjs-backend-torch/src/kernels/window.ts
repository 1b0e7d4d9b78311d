import type { Handle } from '../native.js';
import type { Torch } from '../torch.js';
import { innermostFirst } from './shape.js';

/**
 * How a window (of a convolution or a pool) slides over one spatial axis. tfjs says how many steps it
 * takes and how much padding stands in front; what stands behind follows.
 */
export interface WindowAxis {
  readonly inputSize: number;
  readonly outputSize: number;
  /** With dilation counted in. */
  readonly windowSize: number;
  readonly stride: number;
  readonly dilation: number;
  readonly padBefore: number;
}

/** What `backend_util.computeConv2DInfo`, `computeConv3DInfo` and the pool versions have in common. */
interface ConvInfo {
  readonly [name: string]: unknown;
  readonly padInfo: { top: number; left: number; front?: number };
}

const AXES = [
  ['Depth', 'front'],
  ['Height', 'top'],
  ['Width', 'left'],
] as const;

/** The spatial axes of a tfjs convolution description, outermost first. */
export function windowAxes(info: object): WindowAxis[] {
  const { padInfo, ...numbers } = info as ConvInfo;
  return AXES.filter(([axis]) => `out${axis}` in numbers).map(([axis, side]) => ({
    inputSize: numbers[`in${axis}`] as number,
    outputSize: numbers[`out${axis}`] as number,
    windowSize: numbers[`effectiveFilter${axis}`] as number,
    stride: numbers[`stride${axis}`] as number,
    dilation: numbers[`dilation${axis}`] as number,
    padBefore: padInfo[side] as number,
  }));
}

/**
 * True where ATen can pad by itself: the same on both sides, at most half a window (its pools accept
 * no more), and with the output size that tfjs wants.
 */
function isNative(axis: WindowAxis): boolean {
  const reach = axis.inputSize + 2 * axis.padBefore - axis.windowSize;
  const steps = Math.floor(reach / axis.stride) + 1;
  // In 3D, tfjs's 'same' may begin inside the input, where strides are longer than the window.
  const isPadding = axis.padBefore >= 0 && 2 * axis.padBefore <= axis.windowSize;
  return isPadding && steps === axis.outputSize;
}

/** What ATen can pad by itself; zeros where the padding must be done beforehand. */
export function nativePadding(axes: readonly WindowAxis[]): number[] {
  return axes.every(isNative) ? axes.map((axis) => axis.padBefore) : axes.map(() => 0);
}

/** Padding (negative where the window never looks) around [N, C, spatial…] that makes ATen's steps tfjs's. */
function explicitPadding(axes: readonly WindowAxis[]): [number, number][] {
  return axes.map(({ inputSize, outputSize, windowSize, stride, padBefore }) => {
    const reached = (outputSize - 1) * stride + windowSize;
    return [padBefore, reached - inputSize - padBefore];
  });
}

/** The input with the padding that ATen cannot do by itself. */
export function padded(t: Torch, x: Handle, axes: readonly WindowAxis[], value: number): Handle {
  if (axes.every(isNative)) return x;
  return t.run('constant_pad_nd', x, innermostFirst(explicitPadding(axes)), value);
}

/** Sizes of `padded`'s result. */
export function paddedSizes(axes: readonly WindowAxis[]): number[] {
  if (axes.every(isNative)) return axes.map((axis) => axis.inputSize);
  return axes.map((axis) => (axis.outputSize - 1) * axis.stride + axis.windowSize);
}

/** Undoes `padded` on a gradient. */
export function unpadded(t: Torch, gradient: Handle, axes: readonly WindowAxis[]): Handle {
  if (axes.every(isNative)) return gradient;
  const cut = explicitPadding(axes).map(([before, after]) => [-before, -after] as [number, number]);
  return t.run('constant_pad_nd', gradient, innermostFirst(cut), 0);
}

/** True where the window is larger than the input, so that it takes no step at all. */
export function hasNoOutput(axes: readonly WindowAxis[]): boolean {
  return axes.some((axis) => axis.outputSize <= 0);
}

/** What tfjs expects then of a pool over x [N, spatial…, C]: a tensor without elements. */
export function noOutput(t: Torch, x: Handle, axes: readonly WindowAxis[]): Handle {
  const shape = t.shape(x);
  const sizes = axes.map((axis) => Math.max(0, axis.outputSize));
  return t.full([shape[0] as number, ...sizes, shape.at(-1) as number], 0, t.scalarType(x));
}
