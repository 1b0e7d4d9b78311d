import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import type { TorchBackend } from './backend.js';
import { registerTorchBackend, torchAvailability } from './index.js';
import { type Handle, ScalarType } from './native.js';

// In a file of its own: the memory that a process once had at its peak is kept from then on.
describe.skipIf(!torchAvailability().available)('values that JavaScript cannot hold', () => {
  beforeAll(() => registerTorchBackend({ threads: 1 }));

  it('are an error that names their shape, and the process goes on', () => {
    const torch = tf.backend() as TorchBackend;
    const empty = torch.native.resolveOperator('aten::empty.memory_format');
    // One more than a typed array may have; nobody writes to them, so they take no memory.
    const handle = torch.native.runOperator(empty, [2 ** 32 + 1], ScalarType.bool) as Handle;
    const x = tf.engine().makeTensorFromTensorInfo(torch.adopt(handle));
    expect(() => x.dataSync()).toThrow(
      expect.objectContaining({
        code: 'torch/out-of-memory',
        message: expect.stringMatching(/^not enough memory for the values of \[4294967297\]/),
        advice: expect.stringContaining('smaller batch or patch'),
      }),
    );
    x.dispose();
    expect([...tf.tensor1d([1, 2]).dataSync()]).toEqual([1, 2]);
  });
});
