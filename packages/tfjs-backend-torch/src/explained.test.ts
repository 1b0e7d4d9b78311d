import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import type { TorchBackend } from './backend.js';
import { registerTorchBackend, torchAvailability } from './index.js';
import { type Handle, ScalarType } from './native.js';

const { available } = torchAvailability();

describe.skipIf(!available)('a kernel that fails', () => {
  beforeAll(() => registerTorchBackend({ threads: 1 }));

  const failures: [string, () => unknown, object][] = [
    [
      'because shapes do not fit',
      () => tf.add(tf.zeros([2, 3]), tf.zeros([4, 5])),
      {
        code: 'torch/operator-failed',
        message: expect.stringMatching(/^Add of a \[2,3\], b \[4,5\] failed: .*must match/),
        advice: expect.stringContaining('shapes or types do not fit'),
      },
    ],
    [
      'because an index is out of bounds',
      () => tf.gather(tf.zeros([2, 3]), tf.tensor1d([9], 'int32')),
      {
        code: 'torch/operator-failed',
        message: expect.stringMatching(
          /^GatherV2 of x \[2,3\], indices \[1\] failed: .*out of bounds/,
        ),
      },
    ],
    [
      'because its result is too large',
      () => tf.fill([2 ** 20, 2 ** 24], 1),
      {
        code: 'torch/out-of-memory',
        message: expect.stringMatching(/^not enough memory for Fill of \[1048576,16777216\]: /),
        advice: expect.stringContaining('smaller batch or patch'),
      },
    ],
  ];

  it.each(failures)(
    '%s says so with its shapes and what to do, and the process goes on',
    (_, run, error) => {
      tf.tidy(() => {
        expect(run).toThrow(expect.objectContaining(error));
        expect([...tf.add([1, 2], [3, 4]).dataSync()]).toEqual([4, 6]);
      });
    },
  );
});

// In a file of its own: the memory that a process once had at its peak is kept from then on.
describe.skipIf(!available)('values that JavaScript cannot hold', () => {
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
