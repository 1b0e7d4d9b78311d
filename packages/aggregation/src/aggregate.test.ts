import { STRATEGY_KINDS, STRATEGY_TERMS } from '@fedvox/job';
import { type TensorSource, VALUES_PER_SLICE } from '@fedvox/weights';
import { describe, expect, it } from 'vitest';
import {
  aggregate,
  meanDelta,
  type SiteUpdate,
  STRATEGIES,
  type Strategies,
  type Strategy,
  shifted,
} from './index.js';

describe('the table of strategies', () => {
  it('has a row for each kind that a job can name, and does not compile without', () => {
    expect(Object.keys(STRATEGIES)).toEqual(STRATEGY_KINDS);
    // @ts-expect-error
    const incomplete: Strategies = {};
    expect(incomplete).not.toEqual(STRATEGIES);
  });
});

describe('a round’s aggregation', () => {
  it('gives a strategy its updates in order of site, with weights capped', async () => {
    expect(await seenBy({ weights: true }, 0.5)).toEqual([
      ['east', 1],
      ['north', 4],
      ['south', 3],
    ]);
  });

  it('gives a strategy that needs no weights updates that count alike', async () => {
    expect(await seenBy({ weights: false }, null)).toEqual([
      ['east', 1],
      ['north', 1],
      ['south', 1],
    ]);
  });

  it('is refused where a strategy needs steps that a site does not say', async () => {
    const asked = seenBy({ localSteps: true }, null);
    await expect(asked).rejects.toThrow('each update says how many steps made it');
  });

  it('is refused where a strategy needs a Dice that a site does not say', async () => {
    await expect(seenBy({ dice: true }, null)).rejects.toThrow('each update says its site’s Dice');
  });

  it('invariant 4: holds no more where a rule compares all sites, however many there are', async () => {
    const length = 2 * VALUES_PER_SLICE + 5;
    const deltas = new Bounded();
    const updates = [5, -1, 2].map((value, k) =>
      update(
        `site-${k}`,
        deltas.source(length, (at) => (at % 2 === 0 ? value : -value)),
      ),
    );
    const base = new Bounded().source(length, () => 1);
    const { model } = await aggregate({ ...inputOf(base, updates), spec: { kind: 'median' } });
    const values = await model.read('w', VALUES_PER_SLICE, length);
    expect(values.length).toBe(length - VALUES_PER_SLICE);
    expect(values.every((value, at) => value === (at % 2 === 0 ? 3 : -1))).toBe(true);
    expect(deltas.most * updates.length).toBeLessThanOrEqual(VALUES_PER_SLICE);
  });

  it('lets a strategy see all of its updates before it answers', async () => {
    const inMemory = new Bounded();
    const updates = [1, 2, 100].map((value, k) =>
      update(
        `site-${k}`,
        inMemory.source(3, () => value),
      ),
    );
    const input = inputOf(
      inMemory.source(3, () => 10),
      updates,
    );
    const { model } = await aggregate(input, { ...STRATEGIES, fedavg: nearest });
    expect([...(await model.read('w', 0, 3))]).toEqual([11, 11, 11]);
  });
});

type Needs = Partial<Strategy['needs']>;

async function seenBy(needs: Needs, maxShare: number | null): Promise<[string, number][]> {
  const seen: [string, number][] = [];
  const spy: Strategy<'fedavg'> = {
    needs: { ...STRATEGY_TERMS.fedavg.needs, ...needs },
    aggregate: async ({ base, updates }) => {
      seen.push(...updates.map(({ site, weight }): [string, number] => [site, weight]));
      return { model: base, serverState: null };
    },
  };
  const base = new Bounded().source(1, () => 0);
  const updates = [update('south', base, 3), update('east', base), update('north', base, 1e9)];
  await aggregate({ ...inputOf(base, updates), maxShare }, { ...STRATEGIES, fedavg: spy });
  return seen;
}

/** The update that is nearest to its nearest neighbour, in the manner of Krum (Blanchard et al., 2017). */
const nearest: Strategy<'fedavg'> = {
  ...STRATEGY_TERMS.fedavg,
  aggregate: async ({ base, updates }) => {
    const scores = await Promise.all(
      updates.map(async (one) => {
        const others = updates.filter((other) => other !== one);
        return Math.min(...(await Promise.all(others.map((other) => distance(one, other)))));
      }),
    );
    const chosen = updates[scores.indexOf(Math.min(...scores))] as SiteUpdate;
    return { model: shifted(base, meanDelta([chosen])), serverState: null };
  },
};

async function distance(one: SiteUpdate, other: SiteUpdate): Promise<number> {
  const [a, b] = await Promise.all([one, other].map(({ delta }) => delta.read('w', 0, 3)));
  return Math.hypot(
    ...(a as Float32Array).map((value, i) => value - ((b as Float32Array)[i] as number)),
  );
}

/** One tensor, computed as it is read; remembers the longest read. */
class Bounded {
  most = 0;

  source(length: number, valueAt: (at: number) => number): TensorSource {
    return {
      tensors: [{ name: 'w', shape: [length] }],
      read: async (_, from, to) => {
        this.most = Math.max(this.most, to - from);
        return Float32Array.from({ length: to - from }, (_, i) => valueAt(from + i));
      },
    };
  }
}

function update(site: string, delta: TensorSource, weight = 1): SiteUpdate {
  return { site, weight, delta, localSteps: null, dice: null };
}

function inputOf(base: TensorSource, updates: readonly SiteUpdate[]) {
  const spool = async (source: TensorSource) => source;
  const spec = { kind: 'fedavg' } as const;
  return { spec, base, updates, serverState: null, maxShare: null, spool };
}
