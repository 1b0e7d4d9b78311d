import type { NetworkSpec } from '@fedvox/job';
import { relu } from './activations.js';
import { convolution } from './convolutions.js';
import { channelDropout } from './drop-out.js';
import { identity, type Layer, parallelSum, sequential } from './layer.js';
import { groupNorm } from './norms.js';
import { recomputed } from './recomputed.js';
import { upsampled } from './upsampled.js';

/**
 * MONAI's `SegResNet` for three dimensions, layer for layer and name for name (`monai.networks.nets.SegResNet`
 * with `norm=('GROUP', {'num_groups': groups})`, `act=RELU`, `upsample_mode=NONTRAINABLE`): weights move both
 * ways as state dicts. The encoder and decoder of Myronenko, "3D MRI brain tumor segmentation using
 * autoencoder regularization", BrainLes 2018, arXiv:1810.11654, without the autoencoder's branch.
 *
 * @param outputs channels of the logits: one per class
 */
export function segresnet(spec: NetworkSpec<'segresnet'>, outputs: number): Layer {
  const { inChannels, initFilters, blocksDown, blocksUp, groups, dropout } = spec;
  const kept = spec.checkpointing === true ? recomputed : (layer: Layer) => layer;

  /** One level and all beneath it; as many channels, at the resolution that came in. */
  function level(depth: number): Layer {
    const channels = initFilters * 2 ** depth;
    const down = residualBlocks(`down_layers.${depth}`, 1, blocksDown[depth] as number, channels);
    if (depth === blocksUp.length) return down;
    const up = blocksUp.length - 1 - depth;
    const beneath = sequential(
      unbiased(`down_layers.${depth + 1}.0`, channels, 2 * channels, 3, 2),
      level(depth + 1),
      unbiased(`up_samples.${up}.0`, 2 * channels, channels, 1),
      upsampled(2),
    );
    const merged = parallelSum(beneath, identity);
    return sequential(
      down,
      merged,
      residualBlocks(`up_layers.${up}`, 0, blocksUp[up] as number, channels),
    );
  }

  /** @param first the number of the first block among its siblings */
  function residualBlocks(name: string, first: number, count: number, channels: number): Layer {
    const blocks = Array.from({ length: count }, (_, index) =>
      residualBlock(`${name}.${first + index}`, channels),
    );
    return sequential(...blocks);
  }

  /** MONAI's `ResBlock`. */
  function residualBlock(name: string, channels: number): Layer {
    const half = (number: 1 | 2) =>
      sequential(
        groupNorm(`${name}.norm${number}`, channels, groups),
        relu,
        unbiased(`${name}.conv${number}`, channels, channels, 3),
      );
    return parallelSum(kept(sequential(half(1), half(2))), identity);
  }

  return sequential(
    unbiased('convInit', inChannels, initFilters, 3),
    dropout === undefined ? identity : channelDropout('dropout', dropout),
    level(0),
    groupNorm('conv_final.0', initFilters, groups),
    relu,
    convolution('conv_final.2.conv', { inputs: initFilters, outputs, kernel: 1 }),
  );
}

function unbiased(name: string, inputs: number, outputs: number, kernel: 1 | 3, stride = 1): Layer {
  return convolution(`${name}.conv`, { inputs, outputs, kernel, stride, bias: 'absent' });
}
