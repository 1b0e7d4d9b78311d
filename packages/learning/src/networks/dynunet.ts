import type { NetworkSpec } from '@fedvox/job';
import { upsample3d } from '@fedvox/tfjs-backend-torch';
import {
  type Beginning,
  convolution,
  type PerAxis,
  transposedConvolution,
  triple,
} from './convolutions.js';
import { type DynunetBlockOptions, dynunetBlock, SLOPE } from './dynunet-block.js';
import { identity, type Layer, parallelJoin, sequential } from './layer.js';

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
      parallelJoin(inner, identity),
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

  function block(name: string, shape: BlockShape, isResidual: boolean): Layer {
    return dynunetBlock(name, { ...shape, norm, isResidual, begins: BEGINS });
  }

  const head = (name: string, inputs: number) =>
    convolution(`${name}.conv.conv`, { inputs, outputs, kernel: 1, begins: BEGINS });

  return sequential(level(0, [1, 1, 1]), head('output_block', at(filters, 0)));
}

type Triple = readonly [number, number, number];

type BlockShape = Pick<DynunetBlockOptions, 'inputs' | 'outputs' | 'kernel' | 'stride'>;

function multiplied([x, y, z]: Triple, by: PerAxis): Triple {
  const [alongX, alongY, alongZ] = triple(by);
  return [x * alongX, y * alongY, z * alongZ];
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
