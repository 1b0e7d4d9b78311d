import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { BACKEND_NAME, TorchBackend } from './backend.js';
import { bestPrecision, chooseDevice, type DeviceName } from './device.js';
import { registerTorchBackend, torchAvailability } from './index.js';
import { loadNative, type NativeTorch } from './native.js';

/** As much of a libtorch as a choice looks at, on a machine with so many GPUs. */
function machineWith(gpus: number): NativeTorch {
  return {
    libtorchVersion: '2.14.1',
    isCudaBuild: () => true,
    cudaDevices: () => gpus,
    hasBfloat16: (device: string) => device === 'cuda:0',
  } as Partial<NativeTorch> as NativeTorch;
}

describe('the choice of a device', () => {
  it('takes the first GPU where there is one, the processor elsewhere or where asked for', () => {
    expect(chooseDevice(machineWith(2), 'auto')).toBe('cuda:0');
    expect(chooseDevice(machineWith(0), 'auto')).toBe('cpu');
    expect(chooseDevice(machineWith(2), 'cpu')).toBe('cpu');
  });

  it('takes the GPU that is named, and names those that there are when it is not one of them', () => {
    expect(chooseDevice(machineWith(2), 'cuda')).toBe('cuda:0');
    expect(chooseDevice(machineWith(2), 'cuda:1')).toBe('cuda:1');
    for (const wanted of ['cuda:2', 'cuda:-1', 'cuda:one', 'gpu']) {
      expect(() => chooseDevice(machineWith(2), wanted as DeviceName)).toThrow(
        `there is no device ${wanted}: this libtorch sees cpu, cuda:0, cuda:1`,
      );
    }
  });

  it('computes in bfloat16 by itself only on a GPU that has it', () => {
    expect(bestPrecision(machineWith(2), 'cuda:0')).toBe('bfloat16');
    expect(bestPrecision(machineWith(2), 'cuda:1')).toBe('float32');
  });
});

const { available } = torchAvailability();

describe.skipIf(!available)('a GPU that this libtorch cannot use', () => {
  it('is refused with the reason, and with what to do about it', ({ skip }) => {
    const native = loadNative();
    if (native.cudaDevices() > 0) skip();
    const expected = native.isCudaBuild()
      ? {
          code: 'torch/cuda-unusable',
          message: expect.stringMatching(/finds no GPU: .*driver/),
          advice: expect.stringContaining('nvidia-smi'),
        }
      : {
          code: 'torch/cuda-not-built',
          message: expect.stringMatching(/no device cuda:1: libtorch \d.* was built without CUDA/),
          advice: expect.stringContaining('install a CUDA build'),
        };
    expect(() => chooseDevice(native, 'cuda:1')).toThrow(expect.objectContaining(expected));
    expect(chooseDevice(native, 'auto')).toBe('cpu');
  });
});

describe.skipIf(!available)('a device that is in use', () => {
  it('stays the one of the process; another is refused, with what to do', async () => {
    // As if a GPU had been taken before.
    tf.registerBackend(BACKEND_NAME, () => new TorchBackend(loadNative(), 'cuda:0'));
    await expect(registerTorchBackend({ device: 'cpu' })).rejects.toMatchObject({
      code: 'torch/device-taken',
      message: 'the torch engine computes on cuda:0 in this process and cannot move to cpu',
      advice: expect.stringContaining('in a process of its own'),
    });
    expect((await registerTorchBackend({ device: 'auto' })).device).toBe('cuda:0');
    tf.removeBackend(BACKEND_NAME);
  });
});
