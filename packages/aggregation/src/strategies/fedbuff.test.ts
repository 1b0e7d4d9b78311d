import { describe, expect, it } from 'vitest';
import { expectFigures, figures, figuresUpdates } from '../testing/golden-figures.js';
import { play, updatesOf } from '../testing/played-rounds.js';

const spec = { kind: 'fedbuff', buffer: 3, maxStaleness: 3, learningRate: 1 } as const;

describe('averaging a buffer of updates', () => {
  it('gives the closed form for updates of earlier rounds', async () => {
    const { staleness, model } = figures.fedbuff;
    const updates = figuresUpdates()
      .slice(0, staleness.length)
      .map((update, at) => ({ ...update, staleness: staleness[at] ?? 0 }));
    await expectFigures([{ spec, updates }], [model]);
  });

  it('counts every site alike, divides by their number, and steps as far as it is told', async () => {
    const [fresh, stale] = updatesOf([{ w: [4] }, { w: [8] }], [1, 1_000]);
    if (fresh === undefined || stale === undefined) throw new Error('there are two');
    const modelOf = async (staleness: number, learningRate: number) => {
      const updates = [fresh, { ...stale, staleness }];
      const round = { spec: { ...spec, learningRate }, updates };
      const [played] = await play({ base: { w: [10] } }, [round]);
      return played?.model['w']?.[0];
    };
    expect(await modelOf(0, 1)).toBe(16);
    expect(await modelOf(3, 1)).toBe(14);
    expect(await modelOf(3, 0.5)).toBe(12);
  });
});
