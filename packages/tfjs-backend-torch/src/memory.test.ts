import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  conv3d,
  conv3dTranspose,
  FusedAdam,
  instanceNorm,
  liveTensorCount,
  prelu,
  registerTorchBackend,
  type TorchMemory,
  torchAvailability,
} from './index.js';

/** A small encoder and decoder with everything that the networks are made of. */
function trainer() {
  const variable = (shape: number[]) =>
    tf.tidy(() => tf.variable(tf.randomNormal(shape, 0, 0.1, 'float32', 1)));
  const down = variable([3, 3, 3, 1, 4]) as tf.Variable<tf.Rank.R5>;
  const up = variable([3, 3, 3, 2, 4]) as tf.Variable<tf.Rank.R5>;
  const slope = variable([1]) as tf.Variable<tf.Rank.R1>;
  const optimizer = new FusedAdam();
  const x = tf.randomNormal<tf.Rank.R5>([2, 8, 8, 8, 1], 0, 1, 'float32', 2);
  const loss = (): tf.Scalar => {
    const inner = prelu(instanceNorm(conv3d(x, down, { strides: 2, padding: 1 })), slope);
    const y = conv3dTranspose(inner, up, { strides: 2, padding: 1, outputPadding: 1 });
    return tf.mean(tf.square(tf.sub(tf.softmax(y), 0.25)));
  };
  return {
    step: () => tf.tidy(() => optimizer.minimize(loss, true, [down, up, slope])?.dataSync()[0]),
    dispose() {
      optimizer.dispose();
      tf.dispose([down, up, slope, x]);
    },
  };
}

describe.skipIf(!torchAvailability().available)('memory', () => {
  beforeAll(() => registerTorchBackend({ threads: 1 }));

  it('holds as many native tensors after 100 training steps as after 10', () => {
    const training = trainer();
    for (let step = 0; step < 10; step++) training.step();
    const afterTen = { live: liveTensorCount(), memory: tf.memory() };
    for (let step = 0; step < 90; step++) training.step();
    expect(liveTensorCount()).toBe(afterTen.live);
    expect(tf.memory()).toEqual(afterTen.memory);
    training.dispose();
  });

  it('learns: the loss after 100 steps is lower than after the first', () => {
    const training = trainer();
    const first = training.step() as number;
    for (let step = 0; step < 99; step++) training.step();
    expect(training.step()).toBeLessThan(first);
    training.dispose();
  });

  it('gives back every native tensor when its tfjs tensor is disposed', () => {
    const before = liveTensorCount();
    const x = tf.tensor([1, 2, 3, 4], [2, 2]);
    const view = tf.reshape(x, [4]);
    expect(liveTensorCount()).toBe(before + 2);
    x.dispose();
    expect([...view.dataSync()]).toEqual([1, 2, 3, 4]);
    view.dispose();
    expect(liveTensorCount()).toBe(before);
  });

  it('releases the temporaries of a kernel that fails', () => {
    const before = liveTensorCount();
    const [a, b] = [tf.zeros([2, 3]), tf.zeros([4, 5])];
    expect(() => tf.engine().runKernel('SquaredDifference', { a, b })).toThrow(/size of tensor/);
    tf.dispose([a, b]);
    expect(liveTensorCount()).toBe(before);
  });

  it('reports the bytes that tensors hold, views of one storage once, and the peak', () => {
    const memory = () => tf.memory() as tf.MemoryInfo & TorchMemory;
    const before = memory().liveBytes;
    const x = tf.zeros([1024, 1024]);
    const views = [tf.reshape(x, [-1]), tf.transpose(x), tf.slice(x, [0, 0], [10, 1024])];
    expect(memory().liveBytes - before).toBe(4 * 1024 * 1024);
    expect(memory().peakBytes).toBeGreaterThanOrEqual(4 * 1024 * 1024);
    tf.dispose([x, ...views]);
    expect(memory().liveBytes).toBe(before);
  });

  it('takes back, in time, what a program forgot to dispose of', async () => {
    setFlagsFromString('--expose-gc');
    const collectGarbage = runInNewContext('gc') as () => void;
    const before = liveTensorCount();
    (() => tf.zeros([10]))();
    expect(liveTensorCount()).toBe(before + 1);
    await expect
      .poll(() => {
        collectGarbage();
        return liveTensorCount();
      })
      .toBe(before);
  });

  it('names the shape of a tensor that memory cannot hold, and goes on', () => {
    const x = tf.zeros([1, 1]);
    expect(() => tf.tile(x, [3_000_000, 3_000_000])).toThrow(
      /not enough memory for Tile of x \[1,1\]/,
    );
    expect(() => tf.fill([2 ** 20, 2 ** 24], 1)).toThrow(
      /not enough memory for Fill of \[1048576,16777216\]/,
    );
    expect(() => tf.fill([2 ** 31, 2 ** 31, 4], 1)).toThrow(
      /not enough memory for Fill of \[2147483648,2147483648,4\]/,
    );
    expect(() => tf.range(0, 2 ** 50)).toThrow(/not enough memory for Range of start 0, stop 1125/);
    expect(tf.sum(x).dataSync()[0]).toBe(0);
    x.dispose();
  });

  it('touches no fresh memory pages for a tensor of the size of one released before', () => {
    const pages = (3 * 1024 * 1024 * 4) / 4096;
    const allocate = () => tf.fill([3 * 1024 * 1024], 1).dispose();
    allocate();
    const before = process.resourceUsage().minorPageFault;
    for (let round = 0; round < 20; round++) allocate();
    expect(process.resourceUsage().minorPageFault - before).toBeLessThan(pages);
  });

  it('keeps little idle memory, whatever sizes come and go', () => {
    const MiB = 1024 * 1024;
    const residentMiB = () => process.memoryUsage().rss / MiB;
    const before = residentMiB();
    // One at a time, 400 MiB in all, each of a size of its own.
    for (let size = 6; size < 26; size++) tf.fill([size * MiB * 0.25], 1).dispose();
    expect(residentMiB() - before).toBeLessThan(100);
  });
});
