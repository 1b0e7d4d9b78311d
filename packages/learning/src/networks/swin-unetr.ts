import type { NetworkSpec } from '@fedvox/job';
import { convolution, transposedConvolution } from './convolutions.js';
import { dropout } from './drop-out.js';
import { dynunetBlock } from './dynunet-block.js';
import { identity, type Layer, parallelJoin, sequential } from './layer.js';
import { patchMerging } from './patch-merging.js';
import { swinBlock } from './swin-block.js';
import { plainLayerNorm } from './token-layers.js';

/**
 * MONAI's `SwinUNETR` for three dimensions, layer for layer and name for name (`monai.networks.nets.SwinUNETR`
 * with `norm_name="instance"`, `downsample="merging"` and `use_v2=False`): weights move both ways as state dicts, but
 * for `relative_position_index`, which is computed. Hatamizadeh et al., "Swin UNETR: Swin Transformers for Semantic
 * Segmentation of Brain Tumors in MRI Images", BrainLes 2021, arXiv:2201.01266.
 *
 * @param outputs channels of the logits: one per class
 */
export function swinUnetr(spec: NetworkSpec<'swin-unetr'>, outputs: number): Layer {
  const { inChannels, featureSize, depths, heads, normalizeOutputs, dropout: rate = 0 } = spec;
  const { windowSize: window, pathDropout = 0, checkpointing: isRecomputed } = spec;
  const blocks = depths.reduce((sum, depth) => sum + depth, 0);
  const channelsOf = (stage: number) => featureSize * 2 ** stage;
  const normalised = normalizeOutputs ? plainLayerNorm : identity;

  /** What comes out of a stage, and all beneath it; as many channels, at the size that came in. */
  function level(stage: number): Layer {
    const channels = channelsOf(stage);
    if (stage === depths.length) {
      return sequential(normalised, residualBlock('encoder10.layer', channels, channels));
    }
    const encoder = residualBlock(`encoder${stage + 2}.layer`, channels, channels);
    // The deepest skip has no block of its own.
    const side = stage === depths.length - 1 ? normalised : sequential(normalised, encoder);
    const beneath = sequential(transformerStage(stage), level(stage + 1));
    return decoder(stage + 2, 2 * channels, beneath, side);
  }

  /** MONAI's `UnetrUpBlock`. @param channels of what comes from beneath; half as many come out of it */
  function decoder(number: number, channels: number, beneath: Layer, side: Layer): Layer {
    const name = `decoder${number}`;
    const half = number === 1 ? channels : channels / 2;
    const raised = transposedConvolution(`${name}.transp_conv.conv`, {
      ...{ inputs: channels, outputs: half, kernel: 2, stride: 2 },
      ...{ padding: 0, outputPadding: 0, bias: 'absent' },
    });
    return sequential(
      parallelJoin(sequential(beneath, raised), side),
      residualBlock(`${name}.conv_block`, 2 * half, half),
    );
  }

  /** MONAI's `BasicLayer`. */
  function transformerStage(stage: number): Layer {
    const name = `swinViT.layers${stage + 1}.0`;
    const channels = channelsOf(stage);
    const before = depths.slice(0, stage).reduce((sum, depth) => sum + depth, 0);
    const stageBlocks = Array.from({ length: depths[stage] as number }, (_, index) =>
      swinBlock(`${name}.blocks.${index}`, {
        ...{ channels, heads: heads[stage] as number, window, isShifted: index % 2 === 1 },
        ...{ dropout: rate, isRecomputed },
        pathDropout: (pathDropout * (before + index)) / (blocks - 1),
      }),
    );
    return sequential(...stageBlocks, patchMerging(`${name}.downsample`, channels));
  }

  const patches = sequential(
    convolution('swinViT.patch_embed.proj', {
      ...{ inputs: inChannels, outputs: featureSize, kernel: 2, stride: 2, padding: 0 },
    }),
    dropout('swinViT.pos_drop', rate),
  );
  return sequential(
    decoder(
      1,
      featureSize,
      sequential(patches, level(0)),
      residualBlock('encoder1.layer', inChannels, featureSize),
    ),
    convolution('out.conv.conv', { inputs: featureSize, outputs, kernel: 1 }),
  );
}

/** MONAI's `UnetResBlock` with an instance norm. */
function residualBlock(name: string, inputs: number, outputs: number): Layer {
  const shape = { inputs, outputs, kernel: 3, stride: 1 };
  return dynunetBlock(name, { ...shape, norm: undefined, isResidual: true });
}
