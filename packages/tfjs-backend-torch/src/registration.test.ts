import { existsSync, readFileSync } from 'node:fs';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { registerTorchBackend, setPrecision, torchAvailability } from './index.js';
import { loadNative } from './native.js';

/** Of Linux. */
const CPU_INFO = '/proc/cpuinfo';

const { available } = torchAvailability();

describe.skipIf(!available)('registering the backend', () => {
  it('comes before choosing a precision', () => {
    expect(() => setPrecision('bfloat16')).toThrow(/not registered/);
  });

  it('makes it current, with gradients, and may be repeated', async () => {
    await registerTorchBackend({ threads: 1, device: 'cpu' });
    const again = { threads: 1, device: 'cpu', precision: 'bfloat16' } as const;
    const info = await registerTorchBackend(again);
    expect(info).toEqual({
      ...again,
      libtorchVersion: expect.stringMatching(/^\d+\.\d+/),
      instructionSet: loadNative().instructionSet,
    });
    setPrecision('float32');
    expect(tf.getBackend()).toBe('torch');
    const slope = tf.grad((x) => tf.sum(tf.square(x)))(tf.tensor1d([1, 2, 3]));
    expect([...slope.dataSync()]).toEqual([2, 4, 6]);
  });

  it.skipIf(!existsSync(CPU_INFO))('uses the widest vectors that the processor lists', () => {
    const listed = new Set(readFileSync(CPU_INFO, 'utf8').split(/\s+/));
    const has = (...flags: string[]) => flags.every((flag) => listed.has(flag));
    const wide = has('avx512f', 'avx512bw', 'avx512dq', 'avx512vl');
    const narrow = has('avx2', 'fma') ? 'avx2' : 'baseline';
    const widest = has('avx512_bf16') ? 'avx512bf16' : 'avx512';
    expect(loadNative().instructionSet).toBe(wide ? widest : narrow);
  });

  it('refuses a GPU that is not there', async () => {
    await expect(registerTorchBackend({ device: 'cuda:99' })).rejects.toThrow(
      /there is no device cuda:99/,
    );
  });
});

describe.skipIf(!available)('bfloat16', () => {
  const multiply = () =>
    tf.tidy(() => tf.matMul(tf.tensor2d([[1 + 2 ** -12]]), tf.tensor2d([[1]])));

  it('is what matrix products are computed in when asked for, and only then', async () => {
    await registerTorchBackend({ threads: 1 });
    expect(multiply().dataSync()[0]).toBe(1 + 2 ** -12);
    setPrecision('bfloat16');
    expect(multiply().dataSync()[0]).toBe(1);
    setPrecision('float32');
  });

  it('stays behind float32: sums and the gradients of weights are exact', async () => {
    await registerTorchBackend({ threads: 1, precision: 'bfloat16' });
    const ones = tf.ones<tf.Rank.R2>([1, 3000]);
    // 3000 is no bfloat16; 2992 and 3008 are its neighbours.
    const sum = tf.sum(tf.matMul(tf.ones([1, 1]), ones));
    expect(sum.dtype).toBe('float32');
    expect(sum.dataSync()[0]).toBe(3000);
    setPrecision('float32');
  });
});
