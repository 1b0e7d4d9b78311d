// Our side of the training benchmarks: the same workload and the same protocol as ../training_peer.py,
// one JSON object a line.

import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { initialModel, lossOf, Network } from '@fedvox/learning';
import { FusedAdam, registerTorchBackend } from '@fedvox/tfjs-backend-torch';
import * as tf from '@tensorflow/tfjs-core';

const LOSS = { kind: 'dice-ce', includeBackground: true, diceWeight: 1, crossEntropyWeight: 1 };
const PRECISIONS = { fp32: 'float32', bf16: 'bfloat16' };

async function prepare(setup) {
  const { channels, strides, residualUnits, classes, shape, mode, threads, data } = setup;
  await registerTorchBackend({ threads, precision: PRECISIONS[mode] });
  const unet = { kind: 'unet', inChannels: 1, channels, strides, residualUnits };
  const { network = unet } = setup;
  const job = { network, classes: Array.from({ length: classes }, (_, k) => `c${k}`), seed: 7 };
  const net = Network.fromWeights(job, initialModel(job));
  const optimizer = new FusedAdam({ learningRate: 1e-3 });
  const trainOn = (x, labels) =>
    tf.tidy(() => {
      const loss = () => lossOf(net.logits(x), labels, LOSS);
      return optimizer.minimize(loss, true, net.variables).dataSync()[0];
    });
  const parameters = net.variables.reduce((sum, { size }) => sum + size, 0);
  if (data !== undefined)
    return { net, trainOn, parameters, cases: readCases(data, shape), classes };
  const x = tf.randomNormal([...shape, 1]);
  const labels = tf.randomUniformInt(shape, 0, classes);
  return { step: () => trainOn(x, labels), parameters };
}

/** Gives some cases as a batch of images and labels. */
function readCases({ path, cases }, [, ...size]) {
  const bytes = readFileSync(path);
  const voxels = size.reduce((product, length) => product * length, 1);
  const images = new Float32Array(bytes.buffer, bytes.byteOffset, cases * voxels);
  const labels = new Uint8Array(bytes.buffer, bytes.byteOffset + images.byteLength);
  const gathered = (from, To, indices) => {
    const values = new To(indices.length * voxels);
    indices.forEach((index, at) => {
      values.set(from.subarray(index * voxels, (index + 1) * voxels), at * voxels);
    });
    return values;
  };
  return (indices) => ({
    x: tf.tensor(gathered(images, Float32Array, indices), [indices.length, ...size, 1]),
    labels: tf.tensor(gathered(labels, Int32Array, indices), [indices.length, ...size], 'int32'),
  });
}

function runBatches({ trainOn, cases }, batches) {
  let loss = 0;
  for (const indices of batches) {
    tf.tidy(() => {
      const { x, labels } = cases(indices);
      loss = trainOn(x, labels);
    });
  }
  return { loss };
}

/** Mean Dice of each foreground class; a case without the class in its label is left out. */
function evaluate({ net, cases, classes }, indices) {
  const scores = Array.from({ length: classes - 1 }, () => []);
  for (const index of indices) {
    tf.tidy(() => {
      const { x, labels } = cases([index]);
      const predicted = tf.argMax(net.logits(x), 4);
      for (let label = 1; label < classes; label++) {
        const [p, g] = [predicted, labels].map((map) => tf.cast(tf.equal(map, label), 'float32'));
        const [both, ours, theirs] = [tf.mul(p, g), p, g].map((map) => tf.sum(map).dataSync()[0]);
        if (theirs > 0) scores[label - 1].push((2 * both) / (ours + theirs));
      }
    });
  }
  return { dice: scores.map((list) => list.reduce((sum, value) => sum + value, 0) / list.length) };
}

function run(step, steps) {
  const seconds = [];
  let loss = 0;
  for (let count = 0; count < steps; count++) {
    const start = performance.now();
    loss = step();
    seconds.push((performance.now() - start) / 1000);
  }
  return { seconds, loss, peakBytes: process.resourceUsage().maxRSS * 1024 };
}

let training;
for await (const line of createInterface({ input: process.stdin })) {
  const request = JSON.parse(line);
  if (request.setup !== undefined) training = await prepare(request.setup);
  process.stdout.write(`${JSON.stringify(answer(request))}\n`);
}

function answer(request) {
  if (request.setup !== undefined) return { ready: true, parameters: training.parameters };
  if (request.batches !== undefined) return runBatches(training, request.batches);
  if (request.evaluate !== undefined) return evaluate(training, request.evaluate);
  return run(training.step, request.steps);
}
