import { describe, expect, it } from 'vitest';
import { expectFigures, expectFlower, figures, figuresRounds } from '../testing/golden-figures.js';
import { play, updatesOf } from '../testing/played-rounds.js';

describe('federated averaging', () => {
  it('gives the closed form, and Flower’s models', async () => {
    const [once] = figuresRounds({ kind: 'fedavg' });
    await expectFigures(once === undefined ? [] : [once], [figures.fedavg]);
    await expectFlower('fedavg', () => ({ kind: 'fedavg' }));
  });

  it('weighs by examples where the job says so as where it says nothing, and alike where that is said', async () => {
    const updates = updatesOf([{ w: [1] }, { w: [4] }], [1, 3]);
    const modelOf = async (weights?: 'examples' | 'uniform') => {
      const spec = { kind: 'fedavg', ...(weights && { weights }) } as const;
      const [played] = await play({ base: { w: [10] } }, [{ spec, updates }]);
      return [...Array.from(played?.model['w'] ?? [])];
    };
    expect(await modelOf()).toEqual([13.25]);
    expect(await modelOf('examples')).toEqual([13.25]);
    expect(await modelOf('uniform')).toEqual([12.5]);
  });
});

describe('averaging with server momentum', () => {
  const spec = { kind: 'fedavgm', learningRate: 1, momentum: 0.9 } as const;

  it('gives the closed form, and Flower’s models', async () => {
    await expectFigures(figuresRounds(spec), figures.fedavgm.models);
    await expectFlower('fedavgm', () => spec);
  });

  it('is averaging where nothing is left of the momentum', async () => {
    const none = { ...spec, momentum: 0 };
    const averaged = await play({ base: { w: figures.base } }, figuresRounds({ kind: 'fedavg' }));
    const models = averaged.map(({ model }) => Array.from(model['w'] ?? []));
    await expectFigures(figuresRounds(none), models);
  });

  it('shortens the step alone by its learning rate, and keeps the momentum', async () => {
    const updates = updatesOf([{ w: [1] }, { w: [3] }], [1, 1]);
    const half = { ...spec, momentum: 0.5, learningRate: 0.5 };
    const round = { spec: half, updates };
    const played = await play({ base: { w: [0] } }, [round, round]);
    expect(played.map(({ model }) => model['w']?.[0])).toEqual([1, 2.5]);
    expect(played.map(({ serverState }) => serverState?.['w']?.[0])).toEqual([2, 3]);
  });
});
