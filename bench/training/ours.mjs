// Our side of the training benchmarks: the same workload and the same protocol as ../training_peer.py,
// one JSON object a line.

import { createInterface } from 'node:readline';
import { diceCrossEntropy, initialModel, Network } from '@fedvox/learning';
import { FusedAdam, registerTorchBackend } from '@fedvox/tfjs-backend-torch';
import * as tf from '@tensorflow/tfjs-core';

const LOSS = { includeBackground: true, diceWeight: 1, crossEntropyWeight: 1 };
const PRECISIONS = { fp32: 'float32', bf16: 'bfloat16' };

async function prepare({ channels, strides, residualUnits, classes, shape, mode, threads }) {
  await registerTorchBackend({ threads, precision: PRECISIONS[mode] });
  const network = { kind: 'unet', inChannels: 1, channels, strides, residualUnits };
  const job = { network, classes: Array.from({ length: classes }, (_, k) => `c${k}`), seed: 7 };
  const net = Network.fromWeights(job, initialModel(job));
  const x = tf.randomNormal([...shape, 1]);
  const labels = tf.randomUniformInt(shape, 0, classes);
  const optimizer = new FusedAdam({ learningRate: 1e-3 });
  const step = () =>
    tf.tidy(() => {
      const loss = () => diceCrossEntropy(net.logits(x), labels, LOSS);
      return optimizer.minimize(loss, true, net.variables).dataSync()[0];
    });
  const parameters = net.variables.reduce((sum, { size }) => sum + size, 0);
  return { step, parameters };
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
  const answer = request.setup
    ? { ready: true, parameters: training.parameters }
    : run(training.step, request.steps);
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
