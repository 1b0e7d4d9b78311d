import { describe, expect, it } from 'vitest';
import {
  bottomSize,
  classifiesCases,
  hasNormParameters,
  NETWORK_KINDS,
  type NetworkSpec,
  needsTwoVoxels,
  networkSchema,
  sizeDivisor,
  statisticsOf,
} from './networks.js';

const problems = (network: object) =>
  networkSchema
    .safeParse(network)
    .error?.issues.map(({ path, message }) => `${path.join('.')}: ${message}`) ?? [];
const parsed = <Kind extends NetworkSpec['kind']>(network: { kind: Kind }) =>
  networkSchema.parse(network) as NetworkSpec<Kind>;

describe('a network of a job', () => {
  it('is one of those that there are, which an unknown one is told', () => {
    const [problem] = problems({ kind: 'vnet' });
    expect(problem).toMatch(/^kind: /);
    for (const kind of NETWORK_KINDS) expect(problem).toContain(kind);
  });
});

describe('a UNet', () => {
  const unet = { kind: 'unet', channels: [4, 8, 16], strides: [2, 2] };

  it('says no more than it is told, so that older jobs keep their bytes', () => {
    expect(networkSchema.parse(unet)).toEqual({ ...unet, inChannels: 1, residualUnits: 2 });
  });

  it('takes kernels of one odd size, or of one along each axis', () => {
    const options = { kernelSize: [5, 3, 1], upKernelSize: 7, dropout: 0.1 };
    expect(networkSchema.parse({ ...unet, ...options })).toMatchObject(options);
  });

  it('has batch norms where it says what becomes of their statistics', () => {
    const withNorm = (norm?: object) =>
      networkSchema.parse({ ...unet, norm }) as NetworkSpec<'unet'>;
    expect(statisticsOf(withNorm())).toBeNull();
    expect(statisticsOf(withNorm({ kind: 'instance', affine: true }))).toBeNull();
    for (const statistics of ['averaged', 'local', 'frozen']) {
      expect(statisticsOf(withNorm({ kind: 'batch', statistics }))).toBe(statistics);
      expect(hasNormParameters(withNorm({ kind: 'batch', statistics }))).toBe(true);
    }
  });

  it('needs two voxels at its bottom, but for norms that look at none', () => {
    const needs = (norm?: object) =>
      needsTwoVoxels(networkSchema.parse({ ...unet, norm }) as NetworkSpec);
    expect(needs()).toBe(true);
    expect(needs({ kind: 'batch', statistics: 'averaged' })).toBe(true);
    expect(needs({ kind: 'batch', statistics: 'frozen' })).toBe(false);
  });

  it.each([
    [{ strides: [2] }, 'strides: must have exactly one stride fewer than there are channels'],
    [{ kernelSize: 4 }, 'kernelSize: must be an odd size up to 15, or one for each of three axes'],
    [
      { kernelSize: [3, 3] },
      'kernelSize: must be an odd size up to 15, or one for each of three axes',
    ],
    [
      { upKernelSize: 0 },
      'upKernelSize: must be an odd size up to 15, or one for each of three axes',
    ],
    [
      { norm: { kind: 'batch' } },
      'norm.statistics: Invalid option: expected one of "averaged"|"local"|"frozen"',
    ],
    [
      { norm: { kind: 'instance' } },
      'norm.affine: Invalid input: expected boolean, received undefined',
    ],
    [{ dropout: -0.1 }, 'dropout: Too small: expected number to be >=0'],
  ])('is refused with each setting that cannot be, by its name: %j', (changes, problem) => {
    expect(problems({ ...unet, ...changes })).toEqual([problem]);
  });
});

describe('a SegResNet', () => {
  it("has MONAI's arguments where it says none", () => {
    expect(parsed({ kind: 'segresnet' })).toEqual({
      ...{ kind: 'segresnet', inChannels: 1, initFilters: 8, groups: 8 },
      ...{ blocksDown: [1, 2, 2, 4], blocksUp: [1, 1, 1] },
    });
  });

  it('halves its input once for each level on the way up', () => {
    expect(sizeDivisor(parsed({ kind: 'segresnet' }))).toEqual([8, 8, 8]);
    const shallow = { kind: 'segresnet', blocksDown: [1, 1], blocksUp: [1] } as const;
    expect(sizeDivisor(parsed(shallow))).toEqual([2, 2, 2]);
  });

  it.each([
    [{ blocksDown: [1, 2, 2] }, 'blocksUp: must have exactly one level fewer than blocksDown'],
    [{ initFilters: 12 }, 'initFilters: must be a multiple of groups (8 where it says none)'],
    [{ groups: 16 }, 'initFilters: must be a multiple of groups (8 where it says none)'],
    [{ dropout: 1 }, 'dropout: Too big: expected number to be <1'],
    [{ blocksDown: [0, 1], blocksUp: [1] }, 'blocksDown.0: Too small: expected number to be >0'],
    [{ channels: [4, 8] }, ': Unrecognized key: "channels"'],
  ])('is refused with each setting that cannot be, by its name: %j', (changes, problem) => {
    expect(problems({ kind: 'segresnet', ...changes })).toEqual([problem]);
  });
});

describe('a DynUNet', () => {
  const dynunet = {
    kind: 'dynunet',
    filters: [8, 16, 24, 32],
    strides: [2, 2, [2, 2, 1]],
  } as const;

  it('says no more than it is told, but that it is not residual', () => {
    expect(parsed(dynunet)).toEqual({ ...dynunet, inChannels: 1, residual: false });
  });

  it('divides each axis by its own strides', () => {
    expect(sizeDivisor(parsed(dynunet))).toEqual([8, 8, 4]);
  });

  it('may have the norms that a UNet has', () => {
    const norm = { kind: 'batch', statistics: 'local' } as const;
    const network = parsed<'dynunet'>({ ...dynunet, ...{ norm } });
    expect(statisticsOf(network)).toBe('local');
    expect(hasNormParameters(network)).toBe(true);
    expect(hasNormParameters(parsed(dynunet))).toBe(false);
  });

  it.each([
    [{ strides: [2, 2] }, 'strides: must have exactly one stride fewer than there are filters'],
    [{ strides: [2, 2, 3] }, 'strides.2: must be 1 or 2, or one of them for each of three axes'],
    [{ kernelSize: [3, 3] }, 'kernelSize: must have one kernel for each of the filters'],
    [
      { kernelSize: [3, 3, 3, 2] },
      'kernelSize.3: must be an odd size up to 15, or one for each of three axes',
    ],
    [{ deepSupervision: 3 }, 'deepSupervision: must leave out the top level and the lowest'],
    [{ filters: [8, 16], strides: [2] }, 'filters: Too small: expected array to have >=3 items'],
    [{ residualUnits: 2 }, ': Unrecognized key: "residualUnits"'],
  ])('is refused with each setting that cannot be, by its name: %j', (changes, problem) => {
    expect(problems({ ...dynunet, ...changes })).toContain(problem);
  });
});

describe('a DenseNet', () => {
  const norm = { kind: 'batch', statistics: 'averaged' } as const;
  const densenet = parsed<'densenet'>({ kind: 'densenet', ...{ norm } });

  it('is DenseNet-121 where it says none, but for what becomes of its statistics', () => {
    expect(densenet).toEqual({
      ...{ kind: 'densenet', inChannels: 1, initFeatures: 64, growthRate: 32 },
      ...{ blocks: [6, 12, 24, 16], bnSize: 4, norm },
    });
    expect(problems({ kind: 'densenet' })).toHaveLength(1);
    const instance = { kind: 'instance' };
    expect(problems({ kind: 'densenet', norm: instance })).not.toEqual([]);
  });

  it('says a class of a case, as no other does', () => {
    expect(classifiesCases(densenet)).toBe(true);
    expect(classifiesCases(parsed({ kind: 'segresnet' }))).toBe(false);
  });

  it('takes any size, of which it leaves what strides and pools leave', () => {
    expect(sizeDivisor(densenet)).toEqual([1, 1, 1]);
    expect(bottomSize(densenet, [96, 29, 28])).toEqual([3, 1, 0]);
    expect(
      bottomSize(parsed<'densenet'>({ ...densenet, ...{ blocks: [2, 2] } }), [24, 5, 4]),
    ).toEqual([3, 1, 0]);
  });
});

describe('a Swin UNETR', () => {
  it("has MONAI's arguments where it says none", () => {
    expect(parsed({ kind: 'swin-unetr' })).toEqual({
      ...{ kind: 'swin-unetr', inChannels: 1, featureSize: 24, windowSize: 7 },
      ...{ depths: [2, 2, 2, 2], heads: [3, 6, 12, 24] },
      ...{ normalizeOutputs: true, checkpointing: false },
    });
  });

  it('halves its input five times, to two voxels or more', () => {
    const network = parsed({ kind: 'swin-unetr' });
    expect(sizeDivisor(network)).toEqual([32, 32, 32]);
    expect(needsTwoVoxels(network)).toBe(true);
  });

  it('has norms of layers, which are trained, and no statistics', () => {
    const network = parsed({ kind: 'swin-unetr' });
    expect(hasNormParameters(network)).toBe(true);
    expect(statisticsOf(network)).toBeNull();
  });

  it.each([
    [{ featureSize: 6 }, 'featureSize: Invalid number: must be a multiple of 12'],
    [{ heads: [5, 6, 12, 24] }, 'heads: must divide the channels of their stages'],
    [{ depths: [2, 2, 2] }, 'depths: Too small: expected array to have >=4 items'],
    [{ windowSize: 1 }, 'windowSize: Too small: expected number to be >=2'],
    [
      { windowSize: [7, 7] },
      'windowSize: must be a size from 2 to 16, or one for each of three axes',
    ],
    [{ pathDropout: 1 }, 'pathDropout: Too big: expected number to be <1'],
  ])('is refused with each setting that cannot be, by its name: %j', (changes, problem) => {
    expect(problems({ kind: 'swin-unetr', ...changes })).toEqual([problem]);
  });
});
