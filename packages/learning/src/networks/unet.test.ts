import { readFileSync } from 'node:fs';
import { type NetworkSpec, sizeDivisor } from '@fedvox/job';
import { decodeWeights, elementCount } from '@fedvox/weights';
import { describe, expect, it } from 'vitest';
import { unet } from './unet.js';

type Unet = NetworkSpec<'unet'>;

const spec = (options: Partial<Unet>): Unet => ({
  kind: 'unet',
  inChannels: 1,
  channels: [16, 32, 64, 128],
  strides: [2, 2, 2],
  residualUnits: 2,
  ...options,
});

const parameterCount = (network: Unet, outputs: number) =>
  unet(network, outputs).parameters.reduce((sum, { shape }) => sum + elementCount(shape), 0);

describe("MONAI's UNet", () => {
  it('has as many parameters as MONAI counts', () => {
    const deep = { channels: [16, 32, 64, 128, 256], strides: [2, 2, 2, 2] };
    expect(parameterCount(spec(deep), 2)).toBe(4_806_481);
    expect(parameterCount(spec({ ...deep, residualUnits: 0 }), 2)).toBe(1_979_610);
    expect(parameterCount(spec({}), 3)).toBe(1_187_766);
  });

  it.each([
    ['two-residual-units', spec({ channels: [2, 3, 4], strides: [2, 2] }), 3],
    [
      'one-residual-unit',
      spec({ inChannels: 2, channels: [3, 4, 4], strides: [2, 1], residualUnits: 1 }),
      2,
    ],
    ['plain', spec({ channels: [2, 3], strides: [2], residualUnits: 0 }), 2],
    [
      'affine',
      spec({
        ...{ channels: [2, 3, 4], strides: [2, 2], residualUnits: 1 },
        norm: { kind: 'instance', affine: true },
      }),
      2,
    ],
    [
      'batch',
      spec({
        ...{ channels: [2, 3, 4], strides: [2, 2] },
        norm: { kind: 'batch', statistics: 'averaged' },
      }),
      2,
    ],
    [
      'kernels',
      spec({
        ...{ channels: [2, 3, 4], strides: [2, 2], residualUnits: 3 },
        ...{ kernelSize: [5, 3, 1], upKernelSize: [3, 1, 5] },
      }),
      2,
    ],
    ['plain-with-odd-strides', spec({ channels: [2, 4, 3], strides: [1, 3], residualUnits: 0 }), 2],
  ])('names and shapes its parameters as the state dict does: %s', (name, network, outputs) => {
    const file = readFileSync(new URL(`golden/unet-${name}.safetensors`, import.meta.url));
    const stateDict = [...decodeWeights(file)]
      .filter(([key]) => key.startsWith('weights.'))
      .map(([key, { shape }]) => [key.slice('weights.'.length), shape]);
    const ours = unet(network, outputs).parameters.map(({ name, shape }) => [name, shape]);
    expect(Object.fromEntries(ours)).toEqual(Object.fromEntries(stateDict));
  });

  it('divides its input by all strides together', () => {
    expect(sizeDivisor(spec({}))).toEqual([8, 8, 8]);
    expect(sizeDivisor(spec({ strides: [2, 1, 3] }))).toEqual([6, 6, 6]);
  });
});
