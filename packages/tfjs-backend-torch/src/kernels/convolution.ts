import {
  backend_util,
  type Conv2DAttrs,
  type Conv3DAttrs,
  type DepthwiseConv2dNativeAttrs,
  type KernelConfig,
} from '@tensorflow/tfjs-core';
import type { Handle } from '../native.js';
import type { Torch } from '../torch.js';
import { activate, type FusedActivation } from './activation.js';
import {
  CHANNELS_FIRST,
  CHANNELS_LAST,
  filterOutFirst,
  filterOutLast,
  type ImageLayout,
} from './image-layout.js';
import { kernel } from './kernel.js';
import {
  nativePadding,
  padded,
  paddedSizes,
  unpadded,
  type WindowAxis,
  windowAxes,
} from './window.js';

type XFilter = { x: Handle; filter: Handle };
type DyFilter = { dy: Handle; filter: Handle };
type XDy = { x: Handle; dy: Handle };
type FusedInputs = XFilter & { bias?: Handle; preluActivationWeights?: Handle };
type Shape4 = [number, number, number, number];
type Shape5 = [number, number, number, number, number];

export const convolutionKernels: readonly KernelConfig[] = [
  ...family<Attrs2d>(
    'Conv2D',
    'FusedConv2D',
    'Conv2DBackpropInput',
    'Conv2DBackpropFilter',
    dense2d,
  ),
  ...family<AttrsDepthwise>(
    'DepthwiseConv2dNative',
    'FusedDepthwiseConv2D',
    'DepthwiseConv2dNativeBackpropInput',
    'DepthwiseConv2dNativeBackpropFilter',
    depthwise2d,
  ),
  ...family<Attrs3d>(
    'Conv3D',
    undefined, // tfjs fuses none in 3D
    'Conv3DBackpropInputV2',
    'Conv3DBackpropFilterV2',
    dense3d,
  ),
];

/** A kind of convolution: its forward kernels and both gradients differ only in their geometry. */
function family<Attrs extends object>(
  plain: string,
  fused: string | undefined,
  backpropInput: string,
  backpropFilter: string,
  geometryOf: (x: readonly number[], filter: readonly number[], attrs: Attrs) => Geometry,
): KernelConfig[] {
  const between = (t: Torch, { x, filter }: XFilter, attrs: Attrs) =>
    geometryOf(t.shape(x), t.shape(filter), attrs);
  return [
    kernel<XFilter, Attrs>(plain, (t, inputs, attrs) =>
      forward(t, inputs, between(t, inputs, attrs)),
    ),
    ...[fused ?? []].flat().map((name) =>
      kernel<FusedInputs, Attrs & FusedActivation>(name, (t, inputs, attrs) => {
        const geometry = between(t, inputs, attrs);
        return finished(t, forward(t, inputs, geometry), inputs, attrs, geometry.image);
      }),
    ),
    kernel<DyFilter, Attrs & { inputShape: number[] }>(backpropInput, (t, inputs, attrs) =>
      inputGradient(t, inputs, geometryOf(attrs.inputShape, t.shape(inputs.filter), attrs)),
    ),
    kernel<XDy, Attrs & { filterShape: number[] }>(backpropFilter, (t, inputs, attrs) =>
      filterGradient(t, inputs, attrs, geometryOf(t.shape(inputs.x), attrs.filterShape, attrs)),
    ),
  ];
}

/** All that a convolution is besides its tensors. */
interface Geometry {
  readonly axes: readonly WindowAxis[];
  readonly image: ImageLayout;
  readonly form: FilterForm;
  /** [batch, channels] of the image that is convolved. */
  readonly batchAndChannels: readonly [number, number];
}

// --- how tfjs's filters lie ----------------------------------------------------------------------

/** How a family of convolutions maps its filters onto ATen's [out, in / groups, spatial…]. */
interface FilterForm {
  groups(filterShape: readonly number[]): number;
  torchShape(filterShape: readonly number[]): number[];
  toTorch(t: Torch, filter: Handle): Handle;
  fromTorch(t: Torch, weight: Handle, filterShape: readonly number[]): Handle;
}

/** [spatial…, in, out] */
const DENSE: FilterForm = {
  groups: () => 1,
  torchShape: (filterShape) => {
    const [out, channels, ...spatial] = [...filterShape].reverse();
    return [out as number, channels as number, ...spatial.reverse()];
  },
  toTorch: filterOutFirst,
  fromTorch: filterOutLast,
};

/** [height, width, in, multiplier]: every input channel is a group of its own. */
const DEPTHWISE: FilterForm = {
  groups: (filterShape) => filterShape[2] as number,
  torchShape: (filterShape) => {
    const [height, width, channels, multiplier] = filterShape as Shape4;
    return [channels * multiplier, 1, height, width];
  },
  toTorch(t, filter) {
    const [height, width, channels, multiplier] = t.shape(filter) as Shape4;
    const grouped = t.run('permute', filter, [2, 3, 0, 1]);
    return t.run('reshape', grouped, [channels * multiplier, 1, height, width]);
  },
  fromTorch(t, weight, filterShape) {
    const [height, width, channels, multiplier] = filterShape as Shape4;
    const grouped = t.run('reshape', weight, [channels, multiplier, height, width]);
    return t.run('permute', grouped, [2, 3, 0, 1]);
  },
};

// --- how the window slides -----------------------------------------------------------------------

type Attrs2d = Omit<Conv2DAttrs, 'dilations' | 'dataFormat'> &
  Partial<Pick<Conv2DAttrs, 'dilations' | 'dataFormat'>>;
type AttrsDepthwise = Omit<DepthwiseConv2dNativeAttrs, 'dataFormat'>;
type Attrs3d = Pick<Conv3DAttrs, 'strides' | 'pad'> & Partial<Pick<Conv3DAttrs, 'dilations'>>;

function dense2d(x: readonly number[], filter: readonly number[], attrs: Attrs2d): Geometry {
  const { strides, dilations = 1, pad, dimRoundingMode, dataFormat = 'NHWC' } = attrs;
  const info = backend_util.computeConv2DInfo(
    x as Shape4,
    filter as Shape4,
    strides,
    dilations,
    pad,
    dimRoundingMode,
    false,
    backend_util.convertConv2DDataFormat(dataFormat),
  );
  const image = dataFormat === 'NCHW' ? CHANNELS_FIRST : CHANNELS_LAST;
  const batchAndChannels = [info.batchSize, info.inChannels] as const;
  return { axes: windowAxes(info), image, form: DENSE, batchAndChannels };
}

function depthwise2d(
  x: readonly number[],
  filter: readonly number[],
  { strides, dilations, pad, dimRoundingMode }: AttrsDepthwise,
): Geometry {
  const info = backend_util.computeConv2DInfo(
    x as Shape4,
    filter as Shape4,
    strides,
    dilations ?? 1,
    pad,
    dimRoundingMode,
    true,
  );
  const batchAndChannels = [info.batchSize, info.inChannels] as const;
  return { axes: windowAxes(info), image: CHANNELS_LAST, form: DEPTHWISE, batchAndChannels };
}

function dense3d(
  x: readonly number[],
  filter: readonly number[],
  { strides, dilations = 1, pad }: Attrs3d,
): Geometry {
  const [xShape, filterShape] = [x as Shape5, filter as Shape5];
  const info = backend_util.computeConv3DInfo(xShape, filterShape, strides, dilations, pad);
  const batchAndChannels = [info.batchSize, info.inChannels] as const;
  return { axes: windowAxes(info), image: CHANNELS_LAST, form: DENSE, batchAndChannels };
}

// --- the three convolutions ------------------------------------------------------------------------

/** Strides, padding, dilation, groups: how the native part's convolutions want them. */
function settings(axes: readonly WindowAxis[], groups: number) {
  return [
    axes.map((axis) => axis.stride),
    nativePadding(axes),
    axes.map((axis) => axis.dilation),
    groups,
  ] as const;
}

function forward(t: Torch, { x, filter }: XFilter, { axes, image, form }: Geometry): Handle {
  const y = t.run(
    'fedvox::convolution',
    padded(t, image.toTorch(t, t.lowered(x)), axes, 0),
    form.toTorch(t, t.lowered(filter)),
    ...settings(axes, form.groups(t.shape(filter))),
  );
  return image.fromTorch(t, y);
}

function finished(
  t: Torch,
  y: Handle,
  { bias, preluActivationWeights: weights }: FusedInputs,
  activation: FusedActivation,
  image: ImageLayout,
): Handle {
  const biased = bias === undefined ? y : t.run('add.Tensor', y, image.overChannels(t, bias));
  return activate(t, biased, activation, weights && image.overChannels(t, weights));
}

function inputGradient(
  t: Torch,
  { dy, filter }: DyFilter,
  { axes, image, form, batchAndChannels }: Geometry,
): Handle {
  const gradient = t.run(
    'fedvox::convolution_input_gradient',
    image.toTorch(t, t.lowered(dy)),
    form.toTorch(t, t.lowered(filter)),
    [...batchAndChannels, ...paddedSizes(axes)],
    ...settings(axes, form.groups(t.shape(filter))),
  );
  return image.fromTorch(t, unpadded(t, gradient, axes));
}

function filterGradient(
  t: Torch,
  { x, dy }: XDy,
  { filterShape }: { filterShape: readonly number[] },
  { axes, image, form }: Geometry,
): Handle {
  const gradient = t.run(
    'fedvox::convolution_filter_gradient',
    padded(t, image.toTorch(t, t.lowered(x)), axes, 0),
    image.toTorch(t, t.lowered(dy)),
    form.torchShape(filterShape),
    ...settings(axes, form.groups(filterShape)),
  );
  return t.full32(form.fromTorch(t, gradient, filterShape));
}
