import { seededRandom, sha256 } from '@fedvox/base';
import { classifiesCases, type Job, type JobInput, lossSchema, networkSchema } from '@fedvox/job';
import { encodeWeights, type WeightTensor } from '@fedvox/weights';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { supervisedLoss } from '../losses/deep-supervision.js';
import { lossOf } from '../losses/index.js';
import { TEST_ENGINES } from '../testing/engines.js';
import { type MonaiGolden, monaiGolden } from '../testing/monai-goldens.js';
import { buildNetwork } from './builders.js';
import { Network } from './network.js';
import { fromEngineLayout } from './parameters.js';

/** On `cpu` a network takes up to a minute. */
vi.setConfig({ testTimeout: 300_000 });

/** The arguments of `goldens.json`, as a job says them. */
const NETWORKS: readonly [name: string, network: JobInput['network'], classes: number][] = [
  ['segresnet', { kind: 'segresnet', blocksDown: [1, 2, 2], blocksUp: [1, 1] }, 3],
  [
    'unet_batchnorm',
    {
      ...{ kind: 'unet', channels: [8, 16, 32], strides: [2, 2] },
      norm: { kind: 'batch', statistics: 'averaged' },
    },
    2,
  ],
  [
    'dynunet_deep',
    {
      ...{ kind: 'dynunet', filters: [8, 16, 24, 32], strides: [2, 2, [2, 2, 1]] },
      deepSupervision: 2,
    },
    3,
  ],
  [
    'dynunet_residual',
    {
      ...{ kind: 'dynunet', filters: [8, 16, 16], strides: [[2, 2, 1], 2] },
      ...{ kernelSize: [[3, 3, 1], 3, 3], residual: true },
    },
    2,
  ],
  ['swin_unetr', { kind: 'swin-unetr', featureSize: 12 }, 3],
  ['segresnet_4level', { kind: 'segresnet', inChannels: 4 }, 3],
  [
    'densenet',
    {
      ...{ kind: 'densenet', initFeatures: 16, growthRate: 8, blocks: [2, 3, 2] },
      norm: { kind: 'batch', statistics: 'averaged' },
    },
    2,
  ],
];

const TOLERANCE = 1e-3;
/**
 * By what part of its 2-norm each figure of a gradient may be off, where it is more: recorded in float32, the sums of
 * DenseNet's are up to 0.8e-3, and all of Swin UNETR's up to 4e-3, off what float64 gives. Sums add up what norms over
 * eight voxels make of roundings: composed, those of Swin UNETR are another 8e-3 off.
 */
const LOOSER: Readonly<Record<string, (figure: string) => number>> = {
  densenet: (figure) => (figure === 'sum' ? 2e-3 : TOLERANCE),
  swin_unetr: (figure) => (figure === 'sum' ? 2e-2 : 5e-3),
};
const FIGURES = ['norm', 'sum', 'first', 'last'];
/** Of gradients that cancel to next to nothing, as those of what scales all that a batch norm takes in. */
const ROUNDING = 1e-7;

/** What was recorded is `DiceCELoss`; of a network that classifies cases, `CrossEntropyLoss`. */
const lossSpecOf = ({ network }: Pick<Job, 'network'>) =>
  lossSchema.parse({ kind: classifiesCases(network) ? 'cross-entropy' : 'dice-ce' });

const channelsLast = ({ shape, data }: WeightTensor) =>
  tf.transpose(tf.tensor5d(data, shape as tf.Tensor5D['shape']), [0, 2, 3, 4, 1]);
const channelsFirst = (logits: tf.Tensor5D) => tf.transpose(logits, [0, 4, 1, 2, 3]);

/** Of the logits of a case. */
const ONE_VOXEL = [1, 1, 1];

function labelsOf({ shape: [batch, , ...volume], data }: WeightTensor): tf.Tensor4D {
  const size = volume.length === 0 ? ONE_VOXEL : volume;
  return tf.tensor4d(Int32Array.from(data), [batch, ...size] as tf.Tensor4D['shape'], 'int32');
}

function largestDifference(actual: ArrayLike<number>, expected: Float32Array): number {
  return expected.reduce(
    (most, value, index) => Math.max(most, Math.abs(value - (actual[index] as number))),
    0,
  );
}
/** As they are recorded. */
function figuresOf(values: Float32Array): number[] {
  const sum = values.reduce((total, value) => total + value, 0);
  const norm = Math.sqrt(values.reduce((total, value) => total + value * value, 0));
  return [norm, sum, values[0] as number, values.at(-1) as number];
}

/** In windows of 343 tokens attention has some 150 million values on the way: too many for `cpu`. */
const isTooSlow = (engine: string, name: string) => engine === 'cpu' && name === 'swin_unetr';

describe.each(TEST_ENGINES)(
  "MONAI's networks on the $engine engine",
  ({ engine, missing, start }) => {
    const networks = NETWORKS.filter(([name]) => !isTooSlow(engine, name));

    beforeAll(async () => {
      if (!missing) await start();
    });

    describe.each(networks)('%s', (name, network, classCount) => {
      const toleranceOf = LOOSER[name] ?? (() => TOLERANCE);
      const golden = monaiGolden(name) as MonaiGolden;
      const classes = Array.from({ length: classCount }, (_, index) => `class-${index}`);
      const job: Pick<Job, 'network' | 'classes'> = {
        network: networkSchema.parse(network),
        classes,
      };
      const without = missing || golden === undefined;

      it.skipIf(without)('gives the recorded output within 1e-4', () => {
        tf.tidy(() => {
          const own = Network.fromWeights(job, golden.weights);
          const output = channelsFirst(own.logits(channelsLast(golden.input)));
          const [batch, channels, ...volume] = golden.output.shape;
          const size = volume.length === 0 ? ONE_VOXEL : volume;
          expect(output.shape).toEqual([batch, channels, ...size]);
          expect(largestDifference(output.dataSync(), golden.output.data)).toBeLessThan(1e-4);
          own.dispose();
        });
      });

      it.skipIf(without)(
        'has the recorded weights by their names, and gives them back',
        async () => {
          const own = Network.fromWeights(job, golden.weights);
          expect(sha256(encodeWeights(await own.weights()))).toBe(
            sha256(encodeWeights(golden.weights)),
          );
          own.dispose();
        },
      );

      it.skipIf(without)('gives the recorded output of training within 1e-4', () => {
        tf.tidy(() => {
          const own = Network.fromWeights(job, golden.weights);
          const training = { random: seededRandom(1) };
          const outputs = own.supervised(channelsLast(golden.input), training);
          const output = tf.stack(
            outputs.map(({ logits }) => channelsFirst(logits)),
            1,
          );
          const { shape, data } = golden.trainingOutput;
          // Of what is large, or the same as in use, the first values.
          if (shape.length === 6) expect(output.shape).toEqual(shape);
          expect(largestDifference(output.dataSync(), data)).toBeLessThan(1e-4);
          own.dispose();
        });
      });

      it.skipIf(without)(
        `trains by the recorded loss and gradients within ${Math.max(...FIGURES.map(toleranceOf))}`,
        async () => {
          const own = Network.fromWeights(job, golden.weights);
          const [images, labels] = [channelsLast(golden.input), labelsOf(golden.target)];
          const training = { random: seededRandom(1) };
          const { value, grads } = tf.variableGrads(
            () =>
              supervisedLoss(own.supervised(images, training), (logits) =>
                lossOf(logits, labels, lossSpecOf(job)),
              ),
            own.variables,
          );
          expect(value.dataSync()[0]).toBeCloseTo(golden.loss, 4);
          const specs = buildNetwork(job).parameters.filter(({ role }) => role !== 'statistic');
          expect(specs.map(({ name }) => name).sort()).toEqual([...golden.gradients.keys()].sort());
          for (const [index, spec] of specs.entries()) {
            const expected = golden.gradients.get(spec.name) as Float32Array;
            const [norm] = expected as unknown as [number];
            const gradient = grads[own.variables[index]?.name as string];
            if (gradient == null) {
              // A bias in front of a norm has none: PyTorch computes rounding noise for it.
              expect(norm, spec.name).toBeLessThan(1e-6);
              continue;
            }
            const actual = figuresOf(await fromEngineLayout(gradient));
            for (const [index, figure] of FIGURES.entries()) {
              const off = Math.abs((actual[index] as number) - (expected[index] as number));
              expect(off, `${spec.name}: ${figure}`).toBeLessThan(
                toleranceOf(figure) * norm + ROUNDING,
              );
            }
          }
          tf.dispose([value, grads, images, labels]);
          own.dispose();
        },
      );
    });
  },
);
