import type { NetworkSpec } from '@fedvox/job';
import { convolutionBlock } from './convolution-block.js';
import { convolution } from './convolutions.js';
import { identity, type Layer, parallelSum, sequential, skipConnection } from './layer.js';

/**
 * MONAI's `UNet` for three dimensions, layer for layer and name for name (`monai.networks.nets.UNet`
 * with `norm=INSTANCE` or `('instance', {'affine': True})`, `act=PRELU`, kernel size 3): weights move both ways as state dicts.
 * Kerfoot et al., "Left-Ventricle Quantification Using Residual U-Net", STACOM 2018.
 *
 * @param outputs channels of the logits: one per class
 */
export function unet(spec: NetworkSpec<'unet'>, outputs: number): Layer {
  const { inChannels, channels, strides, residualUnits, norm } = spec;
  const affineNorm = norm?.affine ?? false;

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
    return residualUnits === 0
      ? convolutionBlock(name, { inputs, outputs, stride, affineNorm })
      : residualUnit(name, { inputs, outputs, stride, units: residualUnits, affineNorm });
  }

  function up(
    name: string,
    inputs: number,
    outputs: number,
    stride: number,
    isTop: boolean,
  ): Layer {
    const options = { inputs, outputs, stride, transposed: true, affineNorm };
    if (residualUnits === 0) return convolutionBlock(name, { ...options, convOnly: isTop });
    const once = { inputs: outputs, outputs, stride: 1, units: 1, affineNorm };
    const refine = { ...once, lastConvOnly: isTop };
    return sequential(convolutionBlock(`${name}.0`, options), residualUnit(`${name}.1`, refine));
  }

  return level('model', 0, inChannels, outputs);
}

interface ResidualUnitOptions {
  readonly inputs: number;
  readonly outputs: number;
  readonly stride: number;
  readonly units: number;
  readonly affineNorm: boolean;
  readonly lastConvOnly?: boolean;
}

/** MONAI's `ResidualUnit`: convolutions, plus the input brought to the same shape where it differs. */
function residualUnit(name: string, options: ResidualUnitOptions): Layer {
  const { inputs, outputs, stride, units, affineNorm, lastConvOnly = false } = options;
  const convolutions = Array.from({ length: units }, (_, unit) =>
    convolutionBlock(`${name}.conv.unit${unit}`, {
      inputs: unit === 0 ? inputs : outputs,
      outputs,
      stride: unit === 0 ? stride : 1,
      convOnly: lastConvOnly && unit === units - 1,
      affineNorm,
    }),
  );
  const needsProjection = stride !== 1 || inputs !== outputs;
  const kernel = stride === 1 ? 1 : 3;
  const residual = needsProjection
    ? convolution(`${name}.residual`, { inputs, outputs, kernel, stride })
    : identity;
  return parallelSum(sequential(...convolutions), residual);
}
