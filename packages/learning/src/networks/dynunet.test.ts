import { type NetworkSpec, networkSchema } from '@fedvox/job';
import { elementCount } from '@fedvox/weights';
import { describe, expect, it } from 'vitest';
import { dynunet } from './dynunet.js';

const spec = (options: object): NetworkSpec<'dynunet'> =>
  networkSchema.parse({ kind: 'dynunet', ...options }) as NetworkSpec<'dynunet'>;
const parameterCount = (network: NetworkSpec<'dynunet'>, outputs: number) =>
  dynunet(network, outputs).parameters.reduce((sum, { shape }) => sum + elementCount(shape), 0);
const namesOf = (options: object) =>
  dynunet(spec({ filters: [4, 6, 8], strides: [2, 2], ...options }), 2).parameters.map(
    ({ name }) => name,
  );

describe("MONAI's DynUNet", () => {
  it('has as many parameters as MONAI counts', () => {
    const deep = { filters: [8, 16, 24, 32], strides: [2, 2, [2, 2, 1]], deepSupervision: 2 };
    expect(parameterCount(spec(deep), 3)).toBe(166_513);
    const residual = { filters: [8, 16, 16], strides: [[2, 2, 1], 2], residual: true };
    const anisotropic = { ...residual, kernelSize: [[3, 3, 1], 3, 3] };
    expect(parameterCount(spec(anisotropic), 2)).toBe(53_730);
  });

  it('has heads for the levels that it is supervised at, and no others', () => {
    const heads = (options: object) =>
      namesOf(options).filter((name) => name.startsWith('deep_supervision_heads'));
    expect(heads({})).toEqual([]);
    expect(heads({ deepSupervision: 1 })).toEqual([
      'deep_supervision_heads.0.conv.conv.weight',
      'deep_supervision_heads.0.conv.conv.bias',
    ]);
  });

  it('has the parameters and the statistics of the norm that it is given', () => {
    const ofFirst = (norm?: object) =>
      namesOf({ norm }).filter((name) => name.startsWith('input_block.norm1.'));
    expect(ofFirst()).toEqual([]);
    expect(ofFirst({ kind: 'instance', affine: false })).toEqual([]);
    const trained = ['input_block.norm1.weight', 'input_block.norm1.bias'];
    expect(ofFirst({ kind: 'instance', affine: true })).toEqual(trained);
    expect(ofFirst({ kind: 'batch', statistics: 'averaged' })).toEqual([
      ...trained,
      ...['input_block.norm1.running_mean', 'input_block.norm1.running_var'],
    ]);
  });
});
