import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { seededRandom } from '@fedvox/base';
import { systemClock } from '@fedvox/base/system';
import type { Job } from '@fedvox/job';
import { liveTensorCount } from '@fedvox/tfjs-backend-torch';
import { encodeWeights, tensorOf, type Weights } from '@fedvox/weights';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { initialModel, Network } from '../networks/network.js';
import { TEST_ENGINES } from '../testing/engines.js';
import { ballCase, ballJob } from '../testing/phantoms.js';
import {
  type Checkpoint,
  readCheckpoint,
  restoreOptimizer,
  writeCheckpoint,
} from './checkpoint.js';
import { optimizerOf } from './optimizers.js';
import { type TrainingPlace, type TrainOptions, trainEpochs } from './train-epochs.js';

const balls = Array.from({ length: 6 }, (_, index) => ballCase(seededRandom(`ball-${index}`)));

function optionsFor(job: Job, changes: Partial<TrainOptions> = {}): TrainOptions {
  return {
    cases: balls.map((ball) => async () => ball),
    epochs: 2,
    training: job.training,
    augment: [{ kind: 'flip', axes: ['x', 'y', 'z'], probability: 0.5 }],
    random: seededRandom('training'),
    clock: systemClock,
    ...changes,
  };
}

async function losses(network: Network, options: TrainOptions): Promise<number[]> {
  const means: number[] = [];
  for await (const { meanLoss } of trainEpochs(network, options)) means.push(meanLoss);
  return means;
}

/** The largest difference between two sets of weights. */
function farthest(a: Weights, b: Weights): number {
  const values = (weights: Weights) =>
    [...weights.keys()].flatMap((name) => [...tensorOf(weights, name).data]);
  const others = values(b);
  return Math.max(...values(a).map((value, index) => Math.abs(value - (others[index] as number))));
}

/** The weights after training from the job's initial model. */
async function trainedWeights(job: Job, options: TrainOptions): Promise<Weights> {
  const network = Network.fromWeights(job, initialModel(job));
  await losses(network, options);
  const weights = await network.weights();
  network.dispose();
  return weights;
}

/** The bytes of the weights after training from the job's initial model. */
async function trainedBytes(job: Job, options: TrainOptions): Promise<Uint8Array> {
  return encodeWeights(await trainedWeights(job, options));
}

describe.each(TEST_ENGINES)('training on the $engine engine', ({ missing, start }) => {
  beforeAll(async () => {
    if (!missing) await start();
  });
  const job = ballJob();

  it.skipIf(missing)(
    'goes on from between two steps, within an epoch too, to the same bytes',
    async () => {
      const path = join(await mkdtemp(join(tmpdir(), 'fedvox-checkpoint-')), 'checkpoint');
      const options = optionsFor(job, { epochs: 3 });
      const calm = await trainedBytes(job, options);
      const batches = Math.ceil(balls.length / job.training.batchSize);
      for (const stop of [1, batches + 1, 2 * batches]) {
        const network = Network.fromWeights(job, initialModel(job));
        const optimizer = optimizerOf(job.training.optimizer);
        const cutOff = new Error('cut off');
        const onStep = async (place: TrainingPlace) => {
          if (place.stepsBefore + place.steps !== stop) return;
          const about = { of: 'a'.repeat(64), notes: 0, best: new Map() };
          await writeCheckpoint(path, network, optimizer, { ...about, place });
          throw cutOff;
        };
        await expect(losses(network, { ...options, optimizer, onStep })).rejects.toBe(cutOff);
        network.dispose();
        optimizer.dispose();
        const { weights, place, ...found } = (await readCheckpoint(path)) as Checkpoint;
        const later = Network.fromWeights(job, weights);
        const again = optimizerOf(job.training.optimizer);
        await restoreOptimizer(again, later, found.optimizer);
        let done = 0;
        const onBatch = () => {
          done++;
        };
        await losses(later, { ...options, optimizer: again, from: place, onBatch });
        expect(done).toBe(3 * batches - stop);
        expect(encodeWeights(await later.weights())).toEqual(calm);
        later.dispose();
        again.dispose();
      }
      await rm(dirname(path), { recursive: true });
    },
  );

  it.skipIf(missing)('learns: the loss falls to a third', async () => {
    const network = Network.fromWeights(job, initialModel(job));
    const means = await losses(network, optionsFor(job, { epochs: 15 }));
    expect(means.at(-1)).toBeLessThan((means[0] as number) / 3);
    network.dispose();
  });

  it.skipIf(missing)(
    'ends in the same bytes from the same seed, in others from another',
    async () => {
      const first = await trainedBytes(job, optionsFor(job));
      expect(await trainedBytes(job, optionsFor(job))).toEqual(first);
      const other = await trainedBytes(job, optionsFor(job, { random: seededRandom('other') }));
      expect(other).not.toEqual(first);
    },
  );

  it.skipIf(missing)(
    'takes the steps of large batches when it accumulates small ones',
    async () => {
      // Adam divides a gradient by its own size; with so large an epsilon rounding stays rounding.
      const optimizer = { ...job.training.optimizer, learningRate: 1, epsilon: 1 };
      const trained = async (batchSize: number, accumulate: number) => {
        const training = { ...job.training, optimizer, batchSize, accumulate };
        const network = Network.fromWeights(job, initialModel(job));
        const means = await losses(network, { ...optionsFor(job), training });
        const weights = await network.weights();
        network.dispose();
        return { means, weights };
      };
      const large = await trained(4, 1); // steps of 4 and 2 cases
      for (const [batchSize, accumulate] of [
        [2, 2],
        [1, 4],
        [3, 1],
      ] as const) {
        const small = await trained(batchSize, accumulate);
        const isSame = batchSize * accumulate === 4;
        expect(farthest(small.weights, large.weights) < 1e-5).toBe(isSame);
        if (isSame) expect(small.means[0]).toBeCloseTo(large.means[0] as number, 5);
      }
    },
  );

  it.skipIf(missing)('holds as many tensors after 100 steps as after 10', async () => {
    const tiny = ballJob({
      network: { kind: 'unet', channels: [2, 2], strides: [2], residualUnits: 1 },
      training: { batchSize: 1 },
    });
    const network = Network.fromWeights(tiny, initialModel(tiny));
    const training = { ...tiny.training, accumulate: 2, clipNorm: 0.1 };
    const counts = new Map<number, { tensors: number; native: number }>();
    let step = 0;
    const onBatch = () =>
      counts.set(++step, { tensors: tf.memory().numTensors, native: liveTensorCount() });
    await losses(network, optionsFor(tiny, { epochs: 17, onBatch, training }));
    expect(step).toBeGreaterThanOrEqual(100);
    expect(counts.get(100)).toEqual(counts.get(10));
    network.dispose();
  });

  it.skipIf(missing)('leaves no tensor behind but the network', async () => {
    const before = tf.memory().numTensors;
    const network = Network.fromWeights(job, initialModel(job));
    await losses(network, optionsFor(job));
    network.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });

  it.skipIf(missing)(
    'refuses weights that its last step spoiled, of which no loss tells',
    async () => {
      // A mean that never moves, divided by how far it has moved: 0 / 0.
      const training = { ...job.training, optimizer: { ...job.training.optimizer, beta1: 1 } };
      const network = Network.fromWeights(job, initialModel(job));
      const options = optionsFor(job, { training, epochs: 1, cases: [async () => balls[0]!] });
      await expect(losses(network, options)).rejects.toMatchObject({
        code: 'learning/weights-not-finite',
      });
      network.dispose();
    },
  );

  it.skipIf(missing)('names the batch in which the loss stopped being a number', async () => {
    const broken = { ...balls[0]!, image: { ...balls[0]!.image, data: new Float32Array(512) } };
    broken.image.data.fill(Number.NaN);
    const network = Network.fromWeights(job, initialModel(job));
    await expect(losses(network, optionsFor(job, { cases: [async () => broken] }))).rejects.toThrow(
      expect.objectContaining({
        code: 'learning/loss-not-finite',
        message: 'the loss became NaN in epoch 1, batch 1',
      }),
    );
    network.dispose();
  });
});

/** Of weights below 1, after steps that each engine rounds in float32 by its own order of summing. */
const FLOAT32_TOLERANCE = 1e-5;

describe('training on all the engines that are here', () => {
  const present = TEST_ENGINES.filter(({ missing }) => !missing);

  it.skipIf(present.length < 2)('ends in the same weights after 30 steps of Adam', async () => {
    const job = ballJob();
    const trained: Weights[] = [];
    for (const { start } of present) {
      await start();
      trained.push(await trainedWeights(job, optionsFor(job, { epochs: 10 })));
    }
    const [reference, ...others] = trained as [Weights, ...Weights[]];
    expect(farthest(reference, initialModel(job))).toBeGreaterThan(0.1);
    for (const weights of others) {
      expect(farthest(weights, reference)).toBeLessThan(FLOAT32_TOLERANCE);
    }
  });
});

describe('a loss that is no number', () => {
  beforeAll(async () => {
    await tf.setBackend('cpu');
  });
  const job = ballJob();

  async function failureOf(changes: Partial<TrainOptions>) {
    const network = Network.fromWeights(job, initialModel(job));
    const failure = losses(network, optionsFor(job, changes)).catch((error: unknown) => error);
    return failure.finally(() => network.dispose());
  }

  it('is put down to the scan whose values are extreme, by its name', async () => {
    const data = balls[1]!.image.data.map((value, voxel) =>
      voxel === 7 ? Number.POSITIVE_INFINITY : value,
    );
    const broken = { ...balls[1]!, caseId: 'extreme', image: { ...balls[1]!.image, data } };
    const cases = [async () => ({ ...balls[0]!, caseId: 'ordinary' }), async () => broken];
    expect(await failureOf({ cases })).toMatchObject({
      message: expect.stringMatching(/epoch 1, batch 1, of extreme$/),
      advice: expect.stringContaining('values beyond a million'),
    });
  });

  it('is put down to the learning rate only where a step had been taken', async () => {
    const optimizer = { ...job.training.optimizer, learningRate: 1e30 };
    const failure = await failureOf({ training: { ...job.training, optimizer }, augment: [] });
    expect(failure).toMatchObject({ advice: expect.stringMatching(/^.*learning rate/) });
    const images = balls.map((ball) => ({
      ...ball,
      image: { ...ball.image, data: ball.image.data.map(() => Number.NaN) },
    }));
    const first = await failureOf({ cases: images.map((image) => async () => image) });
    expect(first).toMatchObject({ advice: expect.not.stringContaining('learning rate') });
  });
});

describe('the training loop', () => {
  beforeAll(async () => {
    await tf.setBackend('cpu');
  });
  const job = ballJob();

  it('stops between two batches when it is told to, with the reason given', async () => {
    const network = Network.fromWeights(job, initialModel(job));
    const controller = new AbortController();
    const reason = new Error('the round is over');
    let batches = 0;
    const onBatch = () => {
      if (++batches === 2) controller.abort(reason);
    };
    const options = optionsFor(job, { epochs: 50, signal: controller.signal, onBatch });
    await expect(losses(network, options)).rejects.toBe(reason);
    expect(batches).toBe(2);
    network.dispose();
  });

  it('says what part of an epoch went by without a step: waiting for cases, or preparing them', async () => {
    const network = Network.fromWeights(job, initialModel(job));
    let nowMs = 0;
    const clock = { ...systemClock, nowMs: () => nowMs++ };
    const slow = async () => {
      nowMs += 10;
      return balls[0]!;
    };
    const cases = [slow, slow, slow, slow];
    const training = { ...job.training, batchSize: 2 };
    const options = { ...optionsFor(job, { cases, epochs: 1 }), training, clock };
    for await (const { dataWaitFraction } of trainEpochs(network, options)) {
      // Four loads of 10 ms; every look at the clock takes one: two around each step, one after the epoch.
      expect(dataWaitFraction).toBeCloseTo(1 - 2 / (4 * 10 + 5), 12);
    }
    network.dispose();
  });

  it('reports every batch of every epoch', async () => {
    const network = Network.fromWeights(job, initialModel(job));
    const seen: string[] = [];
    await losses(network, {
      ...optionsFor(job),
      onBatch: ({ epoch, batch, batches }) => seen.push(`${epoch}: ${batch}/${batches}`),
    });
    expect(seen).toEqual(['1: 1/3', '1: 2/3', '1: 3/3', '2: 1/3', '2: 2/3', '2: 3/3']);
    network.dispose();
  });
});
