import {
  backend_util,
  type Conv2DAttrs,
  type Conv2DBackpropFilterAttrs,
  type Conv2DBackpropInputAttrs,
  type Conv3DAttrs,
  type Conv3DBackpropFilterV2Attrs,
  type Conv3DBackpropInputV2Attrs,
  type DepthwiseConv2dNativeAttrs,
  type DepthwiseConv2dNativeBackpropFilterAttrs,
  type DepthwiseConv2dNativeBackpropInputAttrs,
  type FusedConv2DAttrs,
  type FusedDepthwiseConv2DAttrs,
  type KernelConfig,
} from '@tensorflow/tfjs-core';
import type { Handle } from '../native.js';
import type { Torch } from '../torch.js';
import { activate, type FusedActivation } from './activation.js';
import { kernel } from './kernel.js';
import {
  channelsLast,
  channelsSecond,
  filterOutFirst,
  filterOutLast,
  shapeOnly,
} from './layout.js';
import {
  nativePadding,
  padded,
  paddedSizes,
  unpadded,
  type WindowAxis,
  windowAxes,
} from './window.js';

type XFilter = { x: Handle; filter: Handle };
type FusedInputs = XFilter & { bias?: Handle; preluActivationWeights?: Handle };
type Shape4 = [number, number, number, number];
type Shape5 = [number, number, number, number, number];

export const convolutionKernels: readonly KernelConfig[] = [
  kernel<XFilter, Conv2DAttrs>('Conv2D', (t, inputs, attrs) =>
    forward(t, inputs, axes2d(t.shape(inputs.x), t.shape(inputs.filter), attrs), DENSE),
  ),
  kernel<XFilter, FusedConv2DAttrs>('FusedConv2D', (t, inputs, attrs) => {
    const axes = axes2d(t.shape(inputs.x), t.shape(inputs.filter), attrs);
    return finished(t, forward(t, inputs, axes, DENSE), inputs, attrs);
  }),
  kernel<{ dy: Handle; filter: Handle }, Conv2DBackpropInputAttrs>(
    'Conv2DBackpropInput',
    (t, { dy, filter }, attrs) => {
      const axes = axes2d(attrs.inputShape, t.shape(filter), { ...attrs, dilations: 1 });
      return inputGradient(t, dy, filter, attrs.inputShape, axes, DENSE);
    },
  ),
  kernel<{ x: Handle; dy: Handle }, Conv2DBackpropFilterAttrs>(
    'Conv2DBackpropFilter',
    (t, { x, dy }, attrs) => {
      const axes = axes2d(t.shape(x), attrs.filterShape, { ...attrs, dilations: 1 });
      return filterGradient(t, x, dy, attrs.filterShape, axes, DENSE);
    },
  ),
  kernel<XFilter, DepthwiseConv2dNativeAttrs>('DepthwiseConv2dNative', (t, inputs, attrs) =>
    forward(t, inputs, axesDepthwise(t.shape(inputs.x), t.shape(inputs.filter), attrs), DEPTHWISE),
  ),
  kernel<XFilter, FusedDepthwiseConv2DAttrs>('FusedDepthwiseConv2D', (t, inputs, attrs) => {
    const axes = axesDepthwise(t.shape(inputs.x), t.shape(inputs.filter), attrs);
    return finished(t, forward(t, inputs, axes, DEPTHWISE), inputs, attrs);
  }),
  kernel<{ dy: Handle; filter: Handle }, DepthwiseConv2dNativeBackpropInputAttrs>(
    'DepthwiseConv2dNativeBackpropInput',
    (t, { dy, filter }, attrs) => {
      const axes = axesDepthwise(attrs.inputShape, t.shape(filter), attrs);
      return inputGradient(t, dy, filter, attrs.inputShape, axes, DEPTHWISE);
    },
  ),
  kernel<{ x: Handle; dy: Handle }, DepthwiseConv2dNativeBackpropFilterAttrs>(
    'DepthwiseConv2dNativeBackpropFilter',
    (t, { x, dy }, attrs) => {
      const axes = axesDepthwise(t.shape(x), attrs.filterShape, attrs);
      return filterGradient(t, x, dy, attrs.filterShape, axes, DEPTHWISE);
    },
  ),
  kernel<XFilter, Conv3DAttrs>('Conv3D', (t, inputs, attrs) =>
    forward(t, inputs, axes3d(t.shape(inputs.x), t.shape(inputs.filter), attrs), DENSE),
  ),
  kernel<{ dy: Handle; filter: Handle }, Conv3DBackpropInputV2Attrs>(
    'Conv3DBackpropInputV2',
    (t, { dy, filter }, attrs) => {
      const axes = axes3d(attrs.inputShape, t.shape(filter), attrs);
      return inputGradient(t, dy, filter, attrs.inputShape, axes, DENSE);
    },
  ),
  kernel<{ x: Handle; dy: Handle }, Conv3DBackpropFilterV2Attrs>(
    'Conv3DBackpropFilterV2',
    (t, { x, dy }, attrs) => {
      const axes = axes3d(t.shape(x), attrs.filterShape, attrs);
      return filterGradient(t, x, dy, attrs.filterShape, axes, DENSE);
    },
  ),
];

// --- how tfjs's filters lie ----------------------------------------------------------------------

/** How a family of convolutions maps its filters onto ATen's [out, in / groups, spatial…]. */
interface FilterForm {
  groups(filterShape: readonly number[]): number;
  toTorch(t: Torch, filter: Handle): Handle;
  fromTorch(t: Torch, weight: Handle, filterShape: readonly number[]): Handle;
}

/** [spatial…, in, out] */
const DENSE: FilterForm = {
  groups: () => 1,
  toTorch: filterOutFirst,
  fromTorch: filterOutLast,
};

/** [height, width, in, multiplier]: every input channel is a group of its own. */
const DEPTHWISE: FilterForm = {
  groups: (filterShape) => filterShape[2] as number,
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

type Attrs2d = Omit<Conv2DAttrs, 'dataFormat'> & { dataFormat?: Conv2DAttrs['dataFormat'] };

function axes2d(x: readonly number[], filter: readonly number[], attrs: Attrs2d): WindowAxis[] {
  const format = backend_util.convertConv2DDataFormat(attrs.dataFormat ?? 'NHWC');
  return windowAxes(
    backend_util.computeConv2DInfo(
      x as Shape4,
      filter as Shape4,
      attrs.strides,
      attrs.dilations,
      attrs.pad,
      attrs.dimRoundingMode,
      false,
      format,
    ),
  );
}

type AttrsDepthwise = Omit<DepthwiseConv2dNativeAttrs, 'dataFormat'>;

function axesDepthwise(
  x: readonly number[],
  filter: readonly number[],
  attrs: AttrsDepthwise,
): WindowAxis[] {
  const { strides, dilations, pad, dimRoundingMode } = attrs;
  const [xShape, filterShape] = [x as Shape4, filter as Shape4];
  return windowAxes(
    backend_util.computeConv2DInfo(
      xShape,
      filterShape,
      strides,
      dilations ?? [1, 1],
      pad,
      dimRoundingMode,
      true,
    ),
  );
}

type Attrs3d = {
  strides: Conv3DAttrs['strides'];
  pad: 'valid' | 'same';
  dilations?: Conv3DAttrs['dilations'];
};

function axes3d(x: readonly number[], filter: readonly number[], attrs: Attrs3d): WindowAxis[] {
  const { strides, dilations, pad } = attrs;
  return windowAxes(
    backend_util.computeConv3DInfo(x as Shape5, filter as Shape5, strides, dilations ?? 1, pad),
  );
}

// --- the three convolutions ------------------------------------------------------------------------

/** Stride, padding, dilation, not transposed, output padding, groups: as `aten::convolution` wants them. */
function settings(axes: readonly WindowAxis[], groups: number) {
  return [
    axes.map((axis) => axis.stride),
    nativePadding(axes),
    axes.map((axis) => axis.dilation),
    false,
    axes.map(() => 0),
    groups,
  ] as const;
}

function forward(t: Torch, { x, filter }: XFilter, axes: WindowAxis[], form: FilterForm): Handle {
  const input = padded(t, channelsSecond(t, x), axes, 0);
  const weight = form.toTorch(t, filter);
  const groups = form.groups(t.shape(filter));
  return channelsLast(t, t.run('convolution', input, weight, null, ...settings(axes, groups)));
}

function finished(t: Torch, y: Handle, inputs: FusedInputs, activation: FusedActivation): Handle {
  const biased = inputs.bias === undefined ? y : t.run('add.Tensor', y, inputs.bias);
  return activate(t, biased, activation, inputs.preluActivationWeights);
}

function inputGradient(
  t: Torch,
  dy: Handle,
  filter: Handle,
  inputShape: readonly number[],
  axes: WindowAxis[],
  form: FilterForm,
): Handle {
  const [batch, channels] = [inputShape[0] as number, inputShape.at(-1) as number];
  const input = shapeOnly(t, [batch, channels, ...paddedSizes(axes)], dy);
  const weight = form.toTorch(t, filter);
  const [gradient] = t.runMany(
    'convolution_backward',
    channelsSecond(t, dy),
    input,
    weight,
    null,
    ...settings(axes, form.groups(t.shape(filter))),
    [true, false, false],
  );
  return channelsLast(t, unpadded(t, gradient as Handle, axes));
}

function filterGradient(
  t: Torch,
  x: Handle,
  dy: Handle,
  filterShape: readonly number[],
  axes: WindowAxis[],
  form: FilterForm,
): Handle {
  const input = padded(t, channelsSecond(t, x), axes, 0);
  const sized = t.run('empty.memory_format', filterShape, t.scalarType(x), null, t.device);
  const [, gradient] = t.runMany(
    'convolution_backward',
    channelsSecond(t, dy),
    input,
    form.toTorch(t, sized),
    null,
    ...settings(axes, form.groups(filterShape)),
    [false, true, false],
  );
  return form.fromTorch(t, gradient as Handle, filterShape);
}
