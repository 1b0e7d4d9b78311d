import { windowAttention } from '@fedvox/tfjs-backend-torch';
import * as tf from '@tensorflow/tfjs-core';
import { type PerAxis, triple } from './convolutions.js';
import { dropout, sampleDropout } from './drop-out.js';
import { identity, type Layer, parallelSum, sequential } from './layer.js';
import type { ParameterSpec } from './parameters.js';
import { recomputed } from './recomputed.js';
import { gelu, layerNorm, linear } from './token-layers.js';
import { partitioned, reassembled, windowGrid } from './token-windows.js';
import { positionBias, relativePositions, shiftMasks } from './window-terms.js';

export interface SwinBlockOptions {
  readonly channels: number;
  readonly heads: number;
  /** Tokens along each axis. */
  readonly window: PerAxis;
  /** Whether its windows are moved by half their length. */
  readonly isShifted: boolean;
  /** The part of single values that is left out in training. */
  readonly dropout: number;
  /** The part of samples that skip each half of it in training. */
  readonly pathDropout: number;
  readonly isRecomputed: boolean;
}

/** MONAI's `SwinTransformerBlock`: attention within windows, then two layers on each token, both beside a skip. */
export function swinBlock(name: string, options: SwinBlockOptions): Layer {
  const { channels, dropout: rate, pathDropout, isRecomputed } = options;
  const kept = isRecomputed ? recomputed : (layer: Layer) => layer;
  const half = (part: string, ...layers: readonly Layer[]) => {
    const path = sampleDropout(`${name}.drop_path.${part}`, pathDropout);
    return parallelSum(sequential(kept(sequential(...layers)), path), identity);
  };
  return sequential(
    half(
      'attn',
      layerNorm(`${name}.norm1`, channels),
      attention(`${name}.attn`, options),
      linear(`${name}.attn.proj`, channels, channels),
      dropout(`${name}.attn.proj_drop`, rate),
    ),
    half(
      'mlp',
      layerNorm(`${name}.norm2`, channels),
      linear(`${name}.mlp.linear1`, channels, 4 * channels),
      gelu,
      dropout(`${name}.mlp.drop1`, rate),
      linear(`${name}.mlp.linear2`, 4 * channels, channels),
      dropout(`${name}.mlp.drop2`, rate),
    ),
  );
}

/** MONAI's `WindowAttention`, but for what it ends with on each token. */
function attention(name: string, { channels, heads, window, isShifted }: SwinBlockOptions): Layer {
  const whole = triple(window);
  const projection = linear(`${name}.qkv`, channels, 3 * channels);
  const table: ParameterSpec = {
    name: `${name}.relative_position_bias_table`,
    shape: [relativePositions(whole), heads],
    initial: { kind: 'normal', deviation: 0.02 },
    role: 'weight',
  };
  return {
    parameters: [table, ...projection.parameters],
    apply(x, pass) {
      const [, ...volume] = x.shape.slice(0, 4) as [number, number, number, number];
      const grid = windowGrid(volume, window, isShifted);
      const tokens = tf.util.sizeFromShape([...grid.window]);
      const bias = positionBias(pass.value(table.name) as tf.Tensor2D, whole, tokens);
      // Behind the partition: what reaches beyond the volume is a token too, of zeros and the bias.
      const projected = projection.apply(partitioned(x, grid), pass);
      return reassembled(windowAttention(projected, bias, shiftMasks(grid)), grid);
    },
  };
}
