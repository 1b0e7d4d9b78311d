import type { NetworkSpec } from '@fedvox/job';
import { instanceNormPrelu, upsample3d } from '@fedvox/tfjs-backend-torch';
import * as tf from '@tensorflow/tfjs-core';
import { leakyRelu } from './activations.js';
import { chosenNorm, isPlain } from './chosen-norm.js';
import {
  type Beginning,
  convolution,
  type PerAxis,
  transposedConvolution,
  triple,
} from './convolutions.js';
import { identity, joined, type Layer, parallelSum, sequential } from './layer.js';
import { NORM_EPSILON } from './norms.js';

const SLOPE = 0.01;

/** PyTorch's `kaiming_normal_` for that slope (He et al., ICCV 2015), as MONAI begins this network. */
const BEGINS: Beginning = {
  weight: (fanIn) => ({ kind: 'normal', deviation: Math.sqrt(2 / ((1 + SLOPE ** 2) * fanIn)) }),
  bias: () => ({ kind: 'constant', value: 0 }),
};

/**
 * MONAI's `DynUNet` for three dimensions, layer for layer (`monai.networks.nets.DynUNet` with `upsample_kernel_size`
 * equal to the strides): nnU-Net's network, Isensee et al., Nature Methods 2021. Parameters have the names that
 * its `named_parameters()` gives them; its state dict has most of them twice, under `skip_layers` too.
 *
 * @param outputs channels of the logits: one per class
 */
export function dynunet(spec: NetworkSpec<'dynunet'>, outputs: number): Layer {
  const { inChannels, filters, strides, residual, deepSupervision = 0, norm } = spec;
  const { kernelSize = filters.map(() => 3) } = spec;
  const lowest = filters.length - 1;
  const at = <T>(values: readonly T[], depth: number) => values[depth] as T;

  /** One level and all beneath it. @param scale voxels of the top in one of this level, along each axis */
  function level(depth: number, scale: Triple): Layer {
    const channels = at(filters, depth);
    const stride: PerAxis = depth === 0 ? 1 : at(strides, depth - 1);
    const shape = {
      ...{ inputs: depth === 0 ? inChannels : at(filters, depth - 1), outputs: channels },
      ...{ kernel: at(kernelSize, depth), stride },
    };
    const down = block(nameOf(depth), shape, residual);
    if (depth === lowest) return down;
    const beneath = at(strides, depth);
    const up = `upsamples.${lowest - 1 - depth}`;
    const inner = sequential(
      level(depth + 1, multiplied(scale, beneath)),
      transposedConvolution(`${up}.transp_conv.conv`, {
        ...{ inputs: at(filters, depth + 1), outputs: channels, begins: BEGINS },
        ...{ kernel: beneath, stride: beneath, padding: 0, outputPadding: 0, bias: 'absent' },
      }),
    );
    const refined = { inputs: 2 * channels, outputs: channels, kernel: at(kernelSize, depth + 1) };
    return sequential(
      down,
      behind(inner),
      block(`${up}.conv_block`, { ...refined, stride: 1 }, false),
      isSupervised(depth)
        ? supervised(head(`deep_supervision_heads.${depth - 1}`, channels), depth, scale)
        : identity,
    );
  }

  const isSupervised = (depth: number) => depth >= 1 && depth <= deepSupervision;

  function nameOf(depth: number): string {
    if (depth === 0) return 'input_block';
    return depth === lowest ? 'bottleneck' : `downsamples.${depth - 1}`;
  }

  /** MONAI's `UnetBasicBlock`; where it is residual, `UnetResBlock`. */
  function block(name: string, shape: BlockShape, isResidual: boolean): Layer {
    const { inputs, outputs: channels, kernel, stride } = shape;
    const normed = (number: number) => chosenNorm(`${name}.norm${number}`, channels, norm);
    const conv = (number: number, options: BlockShape) =>
      convolution(`${name}.conv${number}.conv`, { ...options, bias: 'absent', begins: BEGINS });
    const second = conv(2, { inputs: channels, outputs: channels, kernel, stride: 1 });
    const first = sequential(conv(1, shape), activated(`${name}.norm1`, channels), second);
    if (!isResidual) return sequential(first, activated(`${name}.norm2`, channels));
    const isSame = inputs === channels && triple(stride).every((step) => step === 1);
    const side = isSame
      ? identity
      : sequential(conv(3, { inputs, outputs: channels, kernel: 1, stride }), normed(3));
    return sequential(parallelSum(sequential(first, normed(2)), side), leakyRelu(SLOPE));
  }

  /** The norm and a leaky ReLU, in one pass where they can be. */
  function activated(name: string, channels: number): Layer {
    if (!isPlain(norm)) return sequential(chosenNorm(name, channels, norm), leakyRelu(SLOPE));
    const slope = () => tf.tensor1d([SLOPE]);
    return {
      parameters: [],
      apply: (x) => instanceNormPrelu(x, slope(), { epsilon: NORM_EPSILON }),
    };
  }

  const head = (name: string, inputs: number) =>
    convolution(`${name}.conv.conv`, { inputs, outputs, kernel: 1, begins: BEGINS });

  return sequential(level(0, [1, 1, 1]), head('output_block', at(filters, 0)));
}

type Triple = readonly [number, number, number];

interface BlockShape {
  readonly inputs: number;
  readonly outputs: number;
  readonly kernel: PerAxis;
  readonly stride: PerAxis;
}

function multiplied([x, y, z]: Triple, by: PerAxis): Triple {
  const [alongX, alongY, alongZ] = triple(by);
  return [x * alongX, y * alongY, z * alongZ];
}

/** What a layer makes of the input, and behind it in the channels the input. */
function behind(layer: Layer): Layer {
  return {
    parameters: layer.parameters,
    apply: (x, pass) => joined(layer.apply(x, pass), x),
  };
}

/**
 * Hands the input on; in training what a head makes of it is held to the labels beside the network's logits, half as
 * much for each level down.
 */
function supervised(head: Layer, depth: number, scale: Triple): Layer {
  return {
    parameters: head.parameters,
    apply(x, pass) {
      if (pass.training === undefined) return x;
      const [, ...size] = x.shape.slice(0, 4) as [number, number, number, number];
      const full = size.map((length, axis) => length * (scale[axis] as number));
      const logits = upsample3d(head.apply(x, pass), {
        size: full as unknown as Triple,
        mode: 'nearest',
      });
      pass.supervise({ logits, weight: 2 ** -depth });
      return x;
    },
  };
}
