import type { NetworkSpec } from '@fedvox/job';
import { relu } from './activations.js';
import { chosenNorm } from './chosen-norm.js';
import { type Beginning, convolution } from './convolutions.js';
import { channelDropout } from './drop-out.js';
import { identity, type Layer, sequential, skipConnection } from './layer.js';
import { linear } from './linear.js';
import { averagePool, globalAveragePool, maxPool } from './pooling.js';

/** PyTorch's `kaiming_normal_` (He et al., ICCV 2015), as MONAI begins this network. */
const BEGINS: Beginning = {
  weight: (fanIn) => ({ kind: 'normal', deviation: Math.sqrt(2 / fanIn) }),
  bias: () => ({ kind: 'constant', value: 0 }),
};

/**
 * MONAI's `DenseNet` for three dimensions, layer for layer and name for name (`monai.networks.nets.DenseNet`
 * with `act=RELU`, `norm='batch'`): Huang et al., "Densely Connected Convolutional Networks", CVPR 2017.
 *
 * @param outputs one logit per class, [batch, 1, 1, 1, classes]
 */
export function densenet(spec: NetworkSpec<'densenet'>, outputs: number): Layer {
  const { inChannels, initFeatures, growthRate, blocks, bnSize, dropout, norm } = spec;

  /** The norm, a ReLU and the convolution behind them. */
  function stage(norming: string, conv: string, shape: Shape): Layer {
    const { inputs } = shape;
    return sequential(chosenNorm(norming, inputs, norm), relu, unbiased(conv, shape));
  }

  /** What comes in, and behind it in the channels what is made of it. */
  function denseLayer(name: string, inputs: number): Layer {
    const inner = bnSize * growthRate;
    return skipConnection(
      sequential(
        stage(`${name}.norm1`, `${name}.conv1`, { inputs, outputs: inner, kernel: 1 }),
        stage(`${name}.norm2`, `${name}.conv2`, { inputs: inner, outputs: growthRate, kernel: 3 }),
        dropout === undefined ? identity : channelDropout(`${name}.dropout`, dropout),
      ),
    );
  }

  const layers: Layer[] = [
    unbiased('features.conv0', { inputs: inChannels, outputs: initFeatures, kernel: 7, stride: 2 }),
    chosenNorm('features.norm0', initFeatures, norm),
    relu,
    maxPool,
  ];
  let channels = initFeatures;
  for (const [index, count] of blocks.entries()) {
    for (let number = 1; number <= count; number++, channels += growthRate) {
      layers.push(
        denseLayer(`features.denseblock${index + 1}.denselayer${number}.layers`, channels),
      );
    }
    if (index === blocks.length - 1) break;
    const name = `features.transition${index + 1}`;
    const shape = { inputs: channels, outputs: Math.floor(channels / 2), kernel: 1 };
    layers.push(stage(`${name}.norm`, `${name}.conv`, shape), averagePool);
    channels = shape.outputs;
  }
  return sequential(
    ...layers,
    chosenNorm('features.norm5', channels, norm),
    relu,
    globalAveragePool,
    linear('class_layers.out', channels, outputs),
  );
}

interface Shape {
  readonly inputs: number;
  readonly outputs: number;
  readonly kernel: number;
  readonly stride?: number;
}

const unbiased = (name: string, shape: Shape) =>
  convolution(name, { ...shape, bias: 'absent', begins: BEGINS });
