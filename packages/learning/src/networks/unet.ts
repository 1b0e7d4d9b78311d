import type { NetworkSpec } from '@fedvox/job';
import { type BlockOptions, convolutionBlock } from './convolution-block.js';
import { convolution } from './convolutions.js';
import { identity, type Layer, parallelSum, sequential, skipConnection } from './layer.js';
import { recomputed } from './recomputed.js';

/**
 * MONAI's `UNet` for three dimensions, layer for layer and name for name (`monai.networks.nets.UNet`
 * with `norm=INSTANCE`, `('instance', {'affine': True})` or `BATCH`, `act=PRELU`): weights move both ways as state dicts.
 * Kerfoot et al., "Left-Ventricle Quantification Using Residual U-Net", STACOM 2018.
 *
 * @param outputs channels of the logits: one per class
 */
export function unet(spec: NetworkSpec<'unet'>, outputs: number): Layer {
  const { inChannels, channels, strides, residualUnits, norm, dropout } = spec;
  const { kernelSize: kernel = 3, upKernelSize: upKernel = 3 } = spec;
  const common = { norm, dropout };
  const block = keptAs(spec.checkpointing, convolutionBlock);

  /** One level and all beneath it; `outputs` channels at the resolution that came in. */
  function level(name: string, depth: number, inputs: number, outputs: number): Layer {
    const here = channels[depth] as number;
    const stride = strides[depth] as number;
    const inner = `${name}.1.submodule`;
    const isLast = depth === channels.length - 2;
    const bottom = channels[depth + 1] as number;
    return sequential(
      down(`${name}.0`, inputs, here, stride),
      skipConnection(isLast ? down(inner, here, bottom, 1) : level(inner, depth + 1, here, here)),
      up(`${name}.2`, here + (isLast ? bottom : here), outputs, stride, depth === 0),
    );
  }

  function down(name: string, inputs: number, outputs: number, stride: number): Layer {
    const options = { ...common, inputs, outputs, kernel, stride };
    return residualUnits === 0
      ? block(name, options)
      : residualUnit(name, { ...options, units: residualUnits, block });
  }

  function up(
    name: string,
    inputs: number,
    outputs: number,
    stride: number,
    isTop: boolean,
  ): Layer {
    const options = { ...common, inputs, outputs, kernel: upKernel, stride, transposed: true };
    if (residualUnits === 0) return block(name, { ...options, convOnly: isTop });
    const once = { ...common, inputs: outputs, outputs, kernel, stride: 1, units: 1, block };
    const refine = { ...once, lastConvOnly: isTop };
    return sequential(block(`${name}.0`, options), residualUnit(`${name}.1`, refine));
  }

  return level('model', 0, inChannels, outputs);
}

type Block = typeof convolutionBlock;

/** Blocks of which training keeps what is within them, or computes it anew for the gradients. */
function keptAs(isRecomputed: boolean | undefined, block: Block): Block {
  return isRecomputed === true ? (...given) => recomputed(block(...given)) : block;
}

interface ResidualUnitOptions extends BlockOptions {
  readonly units: number;
  readonly block: Block;
  readonly lastConvOnly?: boolean;
}

/** MONAI's `ResidualUnit`: convolutions, plus the input brought to the same shape where it differs. */
function residualUnit(name: string, options: ResidualUnitOptions): Layer {
  const { units, lastConvOnly = false, block, ...shape } = options;
  const { inputs, outputs, stride } = shape;
  const convolutions = Array.from({ length: units }, (_, unit) =>
    block(`${name}.conv.unit${unit}`, {
      ...shape,
      inputs: unit === 0 ? inputs : outputs,
      stride: unit === 0 ? stride : 1,
      convOnly: lastConvOnly && unit === units - 1,
    }),
  );
  const needsProjection = stride !== 1 || inputs !== outputs;
  const kernel = stride === 1 ? 1 : shape.kernel;
  const residual = needsProjection
    ? convolution(`${name}.residual`, { inputs, outputs, kernel, stride })
    : identity;
  return parallelSum(sequential(...convolutions), residual);
}
