// Whether memory grows: thousands of training steps of a small network, and the process's resident memory
// after each tenth of them. The first tenth warms up caches and compilers and does not count.

import { initialModel, lossOf, Network } from '@fedvox/learning';
import { FusedAdam, registerTorchBackend } from '@fedvox/tfjs-backend-torch';
import * as tf from '@tensorflow/tfjs-core';

const SHAPE = [2, 16, 16, 16];
const LOSS = { kind: 'dice-ce', includeBackground: true, diceWeight: 1, crossEntropyWeight: 1 };

/** `--steps=N`, 10,000 when left out. */
export async function run({ args, log }) {
  const steps = Number(args.steps ?? 10_000);
  await registerTorchBackend();
  const network = {
    kind: 'unet',
    inChannels: 1,
    channels: [8, 16],
    strides: [2],
    residualUnits: 2,
  };
  const job = { network, classes: ['background', 'one', 'two'], seed: 7 };
  const net = Network.fromWeights(job, initialModel(job));
  const optimizer = new FusedAdam();
  const residentMiB = [];
  for (let step = 1; step <= steps; step++) {
    tf.tidy(() => {
      const x = tf.randomNormal([...SHAPE, 1]);
      const labels = tf.randomUniformInt(SHAPE, 0, job.classes.length);
      optimizer.minimize(() => lossOf(net.logits(x), labels, LOSS), false, net.variables);
    });
    if (step % (steps / 10) !== 0) continue;
    // A turn for the finalizers of what JavaScript has collected.
    await new Promise((resolve) => setImmediate(resolve));
    const { liveTensors } = tf.memory();
    residentMiB.push(process.memoryUsage.rss() / 2 ** 20);
    log(`step ${step}: ${residentMiB.at(-1).toFixed(0)} MiB resident, ${liveTensors} live tensors`);
  }
  return {
    figures: {
      resident_mib_first: residentMiB[0],
      resident_mib_last: residentMiB.at(-1),
      resident_mib_most: Math.max(...residentMiB),
    },
  };
}
