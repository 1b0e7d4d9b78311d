import { seededRandom } from '@fedvox/base';
import { type JobInput, networkSchema } from '@fedvox/job';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { diceCrossEntropy } from '../losses/dice-ce.js';
import { TEST_ENGINES } from '../testing/engines.js';
import { ballJob } from '../testing/phantoms.js';
import { initialModel, Network } from './network.js';

const SIZE = [2, 8, 16, 8] as const;
const LOSS = {
  kind: 'dice-ce',
  includeBackground: true,
  ...{ diceWeight: 1, crossEntropyWeight: 1 },
} as const;
const UNET = {
  ...{ kind: 'unet' as const, channels: [4, 6, 8], strides: [2, 2] },
} satisfies JobInput['network'];

const NETWORKS: Readonly<Record<string, JobInput['network']>> = {
  'a UNet': UNET,
  'a UNet without residual units': { ...UNET, residualUnits: 0 },
  'a UNet with drop-out and affine norms': {
    ...{ ...UNET, residualUnits: 1, dropout: 0.2 },
    norm: { kind: 'instance', affine: true },
  },
  'a UNet that counts statistics': {
    ...{ ...UNET, norm: { kind: 'batch', statistics: 'averaged' } },
  },
  'a UNet with frozen statistics': { ...UNET, norm: { kind: 'batch', statistics: 'frozen' } },
  'a SegResNet': {
    ...{ kind: 'segresnet', initFilters: 4, groups: 2, dropout: 0.2 },
    ...{ blocksDown: [1, 2, 1], blocksUp: [1, 1] },
  },
};

/** A step's loss, its gradients by name, what it counted; and the bytes that it kept for the way back. */
async function stepOf(network: JobInput['network'], checkpointing?: boolean) {
  const job = ballJob({ network: networkSchema.parse({ ...network, checkpointing }) });
  const own = Network.fromWeights(job, initialModel(job));
  const images = tf.randomNormal<tf.Rank.R5>([...SIZE, 1], 0, 1, 'float32', 1);
  const labels = tf.randomUniform<tf.Rank.R4>([...SIZE], 0, 2, 'int32', 2);
  const before = tf.memory();
  let kept = 0;
  const { value, grads } = tf.variableGrads(() => {
    const logits = own.logits(images, { random: seededRandom('step') });
    kept = tf.memory().numBytes - before.numBytes;
    return diceCrossEntropy(logits, labels, LOSS);
  }, own.variables);
  const names = own.parameterNames;
  const gradients = Object.entries(grads).flatMap(([engineName, gradient]) =>
    gradient == null ? [] : [[names.get(engineName), [...gradient.dataSync()]] as const],
  );
  const found = {
    ...{ loss: [...value.dataSync()], gradients: new Map(gradients) },
    weights: await own.weights(),
  };
  tf.dispose([value, grads]);
  expect(tf.memory().numTensors).toBe(before.numTensors);
  tf.dispose([images, labels]);
  own.dispose();
  return { found, kept };
}

describe.each(TEST_ENGINES)('checkpointing on the $engine engine', ({ missing, start }) => {
  beforeAll(async () => {
    if (!missing) await start();
  });

  it.skipIf(missing).each(Object.keys(NETWORKS))(
    'has the same gradients to the bit, and keeps less until then: %s',
    async (name) => {
      const network = NETWORKS[name] as JobInput['network'];
      const whole = await stepOf(network);
      const anew = await stepOf(network, true);
      expect(anew.found).toEqual(whole.found);
      expect(whole.found.gradients.size).toBeGreaterThan(8);
      expect(anew.kept).toBeLessThan(0.9 * whole.kept);
      expect(await stepOf(network, false)).toEqual(whole);
    },
  );
});
