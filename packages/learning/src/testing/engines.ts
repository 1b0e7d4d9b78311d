import '@tensorflow/tfjs-backend-cpu';
import { registerTorchBackend, torchAvailability } from '@fedvox/tfjs-backend-torch';
import * as tf from '@tensorflow/tfjs-core';

/** The engines that this package's tests run on, each skipped by name where it cannot run. */
export const TEST_ENGINES = [
  { engine: 'cpu', missing: false, start: () => tf.setBackend('cpu') },
  {
    engine: 'torch',
    missing: !torchAvailability().available,
    start: () => registerTorchBackend({ threads: 2 }),
  },
] as const;
