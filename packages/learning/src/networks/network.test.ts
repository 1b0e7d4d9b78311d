import { readFileSync } from 'node:fs';
import { seededRandom, sha256 } from '@fedvox/base';
import type { NetworkSpec } from '@fedvox/job';
import {
  decodeWeights,
  encodeWeights,
  tensorOf,
  type Weights,
  type WeightTensor,
} from '@fedvox/weights';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { TEST_ENGINES } from '../testing/engines.js';
import { ballJob } from '../testing/phantoms.js';
import type { TrainingPass } from './layer.js';
import { initialModel, initialWeights, Network } from './network.js';
import { fromEngineLayout } from './parameters.js';
import { unet } from './unet.js';

type Unet = NetworkSpec<'unet'>;
interface UnetOnly {
  readonly network: Unet;
  readonly classes: string[];
}

const jobOf = (network: Partial<Unet>, classes: string[]): UnetOnly => ({
  network: {
    kind: 'unet',
    inChannels: 1,
    channels: [2, 3],
    strides: [2],
    residualUnits: 0,
    ...network,
  },
  classes,
});
const two = ['background', 'lesion'];
const three = ['background', 'anterior', 'posterior'];

/** The networks of `golden/unet.golden.py`. */
const recorded: [string, UnetOnly][] = [
  ['two-residual-units', jobOf({ channels: [2, 3, 4], strides: [2, 2], residualUnits: 2 }, three)],
  [
    'one-residual-unit',
    jobOf({ inChannels: 2, channels: [3, 4, 4], strides: [2, 1], residualUnits: 1 }, two),
  ],
  ['plain', jobOf({}, two)],
  [
    'affine',
    jobOf(
      {
        ...{ channels: [2, 3, 4], strides: [2, 2], residualUnits: 1 },
        norm: { kind: 'instance', affine: true },
      },
      two,
    ),
  ],
  [
    'kernels',
    jobOf(
      {
        ...{ channels: [2, 3, 4], strides: [2, 2], residualUnits: 3 },
        ...{ kernelSize: [5, 3, 1], upKernelSize: [3, 1, 5] },
      },
      two,
    ),
  ],
  ['plain-with-odd-strides', jobOf({ channels: [2, 4, 3], strides: [1, 3] }, two)],
];

function golden(name: string) {
  const file = decodeWeights(
    readFileSync(new URL(`golden/unet-${name}.safetensors`, import.meta.url)),
  );
  const under = (prefix: string): Weights =>
    new Map(
      [...file]
        .filter(([key]) => key.startsWith(prefix))
        .map(([key, tensor]) => [key.slice(prefix.length), tensor]),
    );
  return {
    weights: under('weights.'),
    gradients: under('gradients.'),
    input: tensorOf(file, 'input'),
    logits: tensorOf(file, 'logits'),
  };
}

function largestDifference(actual: Float32Array, expected: Float32Array): number {
  const differences = expected.map((value, index) => Math.abs(value - (actual[index] as number)));
  return Math.max(...differences);
}

/** PyTorch's channels first to the engine's channels last, and back. */
const channelsLast = ({ shape, data }: WeightTensor) =>
  tf.transpose(tf.tensor5d(data, shape as tf.Tensor5D['shape']), [0, 2, 3, 4, 1]);
/** What the recorded gradients are of; its own is written out, as Node's TensorFlow.js has none. */
const meanSquare = tf.customGrad<tf.Scalar>((...args) => {
  const [logits, save] = args as [tf.Tensor5D, tf.GradSaveFunc];
  save([logits]);
  return {
    value: tf.mean(tf.square(logits)),
    gradFunc: (dy, saved) => tf.mul(tf.mul(saved[0] as tf.Tensor, 2 / logits.size), dy),
  };
});
const channelsFirst = (logits: tf.Tensor5D) => tf.transpose(logits, [0, 4, 1, 2, 3]);

describe.each(TEST_ENGINES)('a network on the $engine engine', ({ missing, start }) => {
  beforeAll(async () => {
    if (!missing) await start();
  });

  it.skipIf(missing).each(recorded)("gives PyTorch's logits within 1e-4: %s", (name, job) => {
    const { weights, input, logits } = golden(name);
    tf.tidy(() => {
      const network = Network.fromWeights(job, weights);
      const actual = channelsFirst(network.logits(channelsLast(input)));
      expect(actual.shape).toEqual(logits.shape);
      expect(largestDifference(actual.dataSync() as Float32Array, logits.data)).toBeLessThan(1e-4);
      network.dispose();
    });
  });

  it.skipIf(missing).each(recorded)("has PyTorch's gradients: %s", async (name, job) => {
    const { weights, gradients, input } = golden(name);
    const network = Network.fromWeights(job, weights);
    const images = channelsLast(input);
    const { value, grads } = tf.variableGrads(
      () => meanSquare(network.logits(images)),
      network.variables,
    );
    for (const [index, variable] of network.variables.entries()) {
      const key = unet(job.network, job.classes.length).parameters[index]!.name;
      const expected = tensorOf(gradients, key).data;
      const gradient = grads[variable.name];
      // A bias in front of an instance norm has none: PyTorch computes rounding noise for it.
      const actual = gradient ? await fromEngineLayout(gradient) : expected.map(() => 0);
      expect(largestDifference(actual, expected), key).toBeLessThan(1e-5);
    }
    tf.dispose([value, grads, images]);
    network.dispose();
  });

  it.skipIf(missing)('gives the same logits where it could drop out and does not', () => {
    const [, { network: spec, classes }] = recorded[0] as [string, UnetOnly];
    const { weights, input, logits } = golden('two-residual-units');
    tf.tidy(() => {
      const differenceWith = (dropout: number, training?: TrainingPass) => {
        const network = Network.fromWeights({ network: { ...spec, dropout }, classes }, weights);
        const actual = channelsFirst(network.logits(channelsLast(input), training)).dataSync();
        network.dispose();
        return largestDifference(actual as Float32Array, logits.data);
      };
      const training = { random: seededRandom(1) };
      expect(differenceWith(0, training)).toBeLessThan(1e-4);
      expect(differenceWith(0.5)).toBeLessThan(1e-4);
      expect(differenceWith(0.5, training)).toBeGreaterThan(1e-2);
    });
  });

  it.skipIf(missing)('gives back the weights it was made of, byte for byte', async () => {
    const { weights } = golden('two-residual-units');
    const network = Network.fromWeights(recorded[0]![1], weights);
    expect(encodeWeights(await network.weights())).toEqual(encodeWeights(weights));
    network.dispose();
  });

  it.skipIf(missing)(
    'trains its weights and norms, and gives its statistics back beside them',
    async () => {
      const roles = ['weight', 'norm', 'statistic'] as const;
      const initial = { kind: 'constant', value: 1 } as const;
      const parameters = roles.map((role) => ({ name: role, shape: [1], initial, role }));
      const weights = initialWeights(parameters, seededRandom(1));
      const network = Network.of({ parameters, apply: (x) => x }, [1, 1, 1], weights);
      expect(network.variables).toHaveLength(2);
      expect([...(await network.weights()).keys()]).toEqual(roles);
      network.dispose();
    },
  );

  it.skipIf(missing)('leaves no tensor behind once disposed of', () => {
    const before = tf.memory().numTensors;
    const { weights, input } = golden('one-residual-unit');
    const network = Network.fromWeights(recorded[1]![1], weights);
    tf.tidy(() => {
      network.logits(channelsLast(input));
    });
    network.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });
});

describe('the initial model', () => {
  it('has these bytes for this job on every machine, so that every site starts alike', () => {
    const bytes = encodeWeights(initialModel(ballJob()));
    expect(sha256(bytes)).toBe('acad382356c1fa885124610d6badb7da5d1d8b1825dada223700d29fa651bbde');
  });

  it('is another one under another seed', () => {
    const bytesOf = (seed: number) => encodeWeights(initialModel(ballJob({ seed })));
    expect(bytesOf(1)).not.toEqual(bytesOf(2));
  });
});

describe('weights that do not fit the network', () => {
  const job = jobOf({}, two);
  const fitting = () => new Map(initialWeights(unet(job.network, 2).parameters, seededRandom(1)));

  it.each([
    [
      'a missing tensor',
      'it lacks model.0.conv.bias',
      (weights: Map<string, unknown>) => {
        weights.delete('model.0.conv.bias');
      },
    ],
    [
      'a wrong shape',
      'model.0.conv.bias is [3], the network needs [2]',
      (weights) => {
        weights.set('model.0.conv.bias', { shape: [3], data: new Float32Array(3) });
      },
    ],
    [
      'several differences',
      'it lacks model.0.conv.bias; the network has no parameter model.9.bias',
      (weights) => {
        weights.delete('model.0.conv.bias');
        weights.set('model.9.bias', { shape: [1], data: new Float32Array(1) });
      },
    ],
    [
      'a tensor too many',
      'the network has no parameter model.9.bias',
      (weights) => {
        weights.set('model.9.bias', { shape: [1], data: new Float32Array(1) });
      },
    ],
  ] as [string, string, (weights: Map<string, unknown>) => void][])(
    'are refused by name: %s',
    (_, reason, spoil) => {
      const weights = fitting();
      spoil(weights);
      expect(() => Network.fromWeights(job, weights)).toThrow(
        `the model does not belong to this job: ${reason}`,
      );
    },
  );
});
