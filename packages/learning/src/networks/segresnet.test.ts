import { type NetworkSpec, networkSchema } from '@fedvox/job';
import { elementCount } from '@fedvox/weights';
import { describe, expect, it } from 'vitest';
import { segresnet } from './segresnet.js';

const spec = (options: object): NetworkSpec<'segresnet'> =>
  networkSchema.parse({ kind: 'segresnet', ...options }) as NetworkSpec<'segresnet'>;
const parameterCount = (network: NetworkSpec<'segresnet'>, outputs: number) =>
  segresnet(network, outputs).parameters.reduce((sum, { shape }) => sum + elementCount(shape), 0);

describe("MONAI's SegResNet", () => {
  it('has as many parameters as MONAI counts', () => {
    expect(parameterCount(spec({ blocksDown: [1, 2, 2], blocksUp: [1, 1] }), 3)).toBe(177_667);
    expect(parameterCount(spec({ inChannels: 4 }), 3)).toBe(1_176_843);
  });

  it('has no parameters more where it drops out', () => {
    expect(segresnet(spec({ dropout: 0.2 }), 3).parameters).toEqual(
      segresnet(spec({}), 3).parameters,
    );
  });
});
