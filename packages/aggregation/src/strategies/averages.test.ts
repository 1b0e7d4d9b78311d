import { describe, expect, it } from 'vitest';
import { expectFigures, expectFlower, figures, figuresRounds } from '../testing/golden-figures.js';
import { play, updatesOf } from '../testing/played-rounds.js';

describe('federated averaging', () => {
  it('gives the closed form, and Flower’s models', async () => {
    const [once] = figuresRounds({ kind: 'fedavg' });
    await expectFigures(once === undefined ? [] : [once], [figures.fedavg]);
    await expectFlower('fedavg', () => ({ kind: 'fedavg' }));
  });

  it('weighs by examples where the job says so as where it says nothing, and alike or as it declares where that is said', async () => {
    const updates = updatesOf([{ w: [1] }, { w: [4] }], [1, 3]);
    const modelOf = async (
      weights?: 'examples' | 'uniform' | { declared: Record<string, number> },
    ) => {
      const spec = { kind: 'fedavg', ...(weights && { weights }) } as const;
      const [played] = await play({ base: { w: [10] } }, [{ spec, updates }]);
      return [...Array.from(played?.model['w'] ?? [])];
    };
    expect(await modelOf()).toEqual([13.25]);
    expect(await modelOf('examples')).toEqual([13.25]);
    expect(await modelOf('uniform')).toEqual([12.5]);
    const declared = { 'site-0': 2, 'site-1': 1 };
    expect(await modelOf({ declared })).toEqual([12]);
  });
});

it('the mean of SCAFFOLD counts sites alike', async () => {
  const [once] = figuresRounds({ kind: 'scaffold' });
  await expectFigures(once === undefined ? [] : [once], [figures.scaffold.oneRound.model]);
});

describe('normalised averaging', () => {
  const spec = { kind: 'fednova' } as const;
  const modelOf = async (deltas: readonly number[], weights: number[], steps: number[]) => {
    const updates = updatesOf(
      deltas.map((w) => ({ w: [w] })),
      weights,
      steps,
    );
    const [played] = await play({ base: { w: [0] } }, [{ spec, updates }]);
    return played?.model['w']?.[0];
  };

  it('gives the closed form', async () => {
    const [once] = figuresRounds(spec);
    await expectFigures(once === undefined ? [] : [once], [figures.fednova.model]);
  });

  it('is averaging where all take as many steps', async () => {
    const rounds = figuresRounds(spec).map(({ updates }) => ({
      spec,
      updates: updates.map((update) => ({ ...update, localSteps: 7 })),
    }));
    const averaged = await play({ base: { w: figures.base } }, figuresRounds({ kind: 'fedavg' }));
    await expectFigures(
      rounds,
      averaged.map(({ model }) => Array.from(model['w'] ?? [])),
    );
  });

  it('goes no further for a site that makes its steps up than for ten times the median', async () => {
    const honest = [1, 1, 10];
    const madeUp = [1, 1, 1e15];
    const still = await modelOf([1, 1, 0], [1, 1, 1], honest);
    expect(still).toBeCloseTo(8 / 3, 6);
    expect(await modelOf([1, 1, 0], [1, 1, 1], madeUp)).toBeCloseTo(8 / 3, 6);
    expect(await modelOf([1, 0], [1, 1], [1, 1e15])).toBeCloseTo(11 / 4, 6);
  });
});

describe('fair averaging', () => {
  const { q, lipschitz, losses, model } = figures.qFedAvg;
  const spec = { kind: 'q-fedavg', q, lipschitz } as const;
  /** A loss above 1, as one of the recorded is, is that of a Dice below 0. */
  const withLosses = (round: ReturnType<typeof figuresRounds>[number]) => ({
    ...round,
    updates: round.updates.map((update, k) => ({ ...update, dice: 1 - (losses[k] as number) })),
  });

  it('gives the closed form', async () => {
    const [once] = figuresRounds(spec).map(withLosses);
    await expectFigures(once === undefined ? [] : [once], [model]);
  });

  it('is averaging with all alike where q is nought, whatever the losses', async () => {
    const none = figuresRounds({ ...spec, q: 0 }).map(withLosses);
    const alike = figuresRounds({ kind: 'fedavg', weights: 'uniform' });
    const averaged = await play({ base: { w: figures.base } }, alike);
    await expectFigures(
      none,
      averaged.map(({ model }) => Array.from(model['w'] ?? [])),
    );
  });

  it('stays finite for a site at which the model is perfect', async () => {
    const updates = updatesOf([{ w: [1] }, { w: [1] }], [1, 1]).map((update, k) => ({
      ...update,
      dice: k === 0 ? 1 : 0.5,
    }));
    const half = { ...spec, q: 0.5 };
    const [played] = await play({ base: { w: [0] } }, [{ spec: half, updates }]);
    expect(played?.model['w']?.[0]).toBeGreaterThan(0);
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
