import { seededRandom } from '@fedvox/base';
import { DEFAULT_FIREWALL, type Figures, NO_FIGURES } from '@fedvox/job';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { innerProducts } from './inner-products.js';
import { type EarlierNorm, type Screened, screen } from './screen.js';
import { sourceOf, updatesOf } from './testing/played-rounds.js';

const LENGTH = 4_000;

/** What honest sites do: a direction that they share, one of each one's own, and a size of its own. */
function honest(sizes: readonly number[], shared = 0.5): Float32Array[] {
  const common = normal('common');
  return sizes.map((size, k) => {
    const own = normal(`site ${k}`);
    return own.map((value, i) => size * (shared * common[i]! + Math.sqrt(1 - shared ** 2) * value));
  });
}

function normal(seed: string): Float32Array {
  const random = seededRandom(seed);
  return Float32Array.from({ length: LENGTH }, () => random.normal());
}

const scaled = (delta: Float32Array, by: number) => delta.map((value) => by * value);

interface Given {
  readonly figures?: readonly Figures[];
  readonly earlier?: readonly EarlierNorm[];
}

async function screened(deltas: readonly Float32Array[], given: Given = {}): Promise<Screened[]> {
  const vectors = deltas.map((w) => ({ w }));
  const updates = updatesOf(
    vectors,
    deltas.map(() => 1),
  );
  const products = await innerProducts(sourceOf(vectors[0]!).tensors, updates);
  const named = updates.map(({ site }, k) => ({ site, figures: given.figures?.[k] ?? NO_FIGURES }));
  const earlier = given.earlier ?? [];
  return screen({ rules: DEFAULT_FIREWALL, updates: named, products, earlier });
}

const reasons = (found: readonly Screened[]) => found.map(({ reason }) => reason);
const NONE = (count: number) => Array.from({ length: count }, () => null);

describe('the firewall of a round of five', () => {
  const [own, ...others] = honest([1, 1, 1, 1, 1]) as [Float32Array, ...Float32Array[]];
  const norm = Math.sqrt(own.reduce((sum, value) => sum + value * value, 0));

  it.each([
    ['turned around', scaled(own, -1), 'direction-opposed'],
    ['ten times as large', scaled(own, 10), 'norm-too-large'],
    ['a million times as large', scaled(own, 1e6), 'norm-too-large'],
    ['turned around and ten times as large', scaled(own, -10), 'norm-too-large'],
  ])('leaves out an update that is %s, and no other', async (_, attack, reason) => {
    expect(reasons(await screened([...others, attack]))).toEqual([...NONE(4), reason]);
  });

  it('leaves out noise of the usual size, and no other', async () => {
    const size = norm / Math.sqrt(LENGTH);
    const found = await screened([...others, scaled(normal('noise'), size)]);
    expect(reasons(found)).toEqual([...NONE(4), 'direction-opposed']);
  });

  it('leaves out two that turn theirs around together', async () => {
    const attacks = [own, others[0]!].map((delta) => scaled(delta, -1));
    const found = await screened([...others.slice(1), ...attacks]);
    expect(reasons(found)).toEqual([...NONE(3), 'direction-opposed', 'direction-opposed']);
  });

  it('flags an update that changes nothing, and leaves it in', async () => {
    const found = await screened([...others, new Float32Array(LENGTH)]);
    expect(reasons(found)).toEqual(NONE(5));
    expect(found.map(({ flags }) => flags)).toEqual([[], [], [], [], ['zero-delta']]);
    expect(found[4]).toMatchObject({ norm: 0, cosine: null });
  });

  it('flags one that is far smaller than the others, and leaves it in', async () => {
    const found = await screened([...others, scaled(own, 0.1)]);
    expect(found[4]).toMatchObject({ reason: null, flags: ['norm-too-small'] });
  });

  it('leaves honest sites in that differ in size and direction', async () => {
    expect(reasons(await screened(honest([0.3, 0.6, 1, 1.5, 3], 0.3)))).toEqual(NONE(5));
  });

  it('flags one that points away from others who hardly agree, as of a model that has converged, and leaves it in', async () => {
    const deltas = honest([1, 1, 1, 1, 1], 0.2);
    const found = await screened([scaled(deltas[0]!, -1), ...deltas.slice(1)]);
    expect(reasons(found)).toEqual(NONE(5));
    expect(found[0]).toMatchObject({ flags: ['sites-disagree'] });
    expect(found[0]?.cosine).toBeLessThan(0);
  });

  it('does not see what an update is for: poison that looks like an honest update passes', async () => {
    expect(reasons(await screened([...others, own]))).toEqual(NONE(5));
  });

  it('writes down the norm, and the cosine that most others reach', async () => {
    const found = await screened([...others, own]);
    expect(found[4]?.norm).toBeCloseTo(norm, 6);
    expect(found[4]?.cosine).toBeGreaterThan(0.2);
  });
});

describe('the firewall of few sites', () => {
  it('of three, leaves out the one that points away from both others', async () => {
    const [own, ...others] = honest([1, 1, 1]) as [Float32Array, ...Float32Array[]];
    const found = await screened([...others, scaled(own, -1)]);
    expect(reasons(found)).toEqual([null, null, 'direction-opposed']);
  });

  it('of three, leaves in one that does not share what two share by chance, as of a model that has converged', async () => {
    const [first, second, own] = [...honest([1, 1], 0.48), normal('site of its own')];
    const common = normal('common');
    const third = own!.map((value, i) => value - 0.07 * common[i]!);
    const found = await screened([first!, second!, third]);
    expect(found[0]?.cosine).toBeGreaterThan(0.2);
    expect(found[2]?.cosine).toBeLessThan(0);
    expect(found.map(({ reason, flags }) => [reason, flags])).toEqual([
      [null, []],
      [null, []],
      [null, ['sites-disagree']],
    ]);
  });

  it('of two, says that they disagree, and leaves both in', async () => {
    const [own, other] = honest([1, 1]) as [Float32Array, Float32Array];
    const found = await screened([scaled(own, -1), other]);
    expect(reasons(found)).toEqual([null, null]);
    expect(found.map(({ flags }) => flags)).toEqual([['sites-disagree'], ['sites-disagree']]);
  });

  it('of two, leaves out by its norm only what the job’s earlier rounds were not like', async () => {
    const [own, other] = honest([1, 1]) as [Float32Array, Float32Array];
    const deltas = [scaled(own, 10), other];
    expect(reasons(await screened(deltas))).toEqual([null, null]);
    const norm = Math.sqrt(LENGTH);
    const earlier = [1, 2].flatMap((round) => [0.9, 1.1].map((by) => ({ round, norm: by * norm })));
    expect(reasons(await screened(deltas, { earlier }))).toEqual(['norm-too-large', null]);
  });

  it('where no majority agrees, leaves none out for its direction and flags those in doubt', async () => {
    const pair = honest([1, 1]);
    const found = await screened([...pair, ...pair.map((delta) => scaled(delta, -1))]);
    expect(reasons(found)).toEqual(NONE(4));
    expect(found.every(({ flags }) => flags.includes('sites-disagree'))).toBe(true);
  });

  it('compares with the last rounds: two of three that grow together are seen by their history', async () => {
    const [first, second, third] = honest([10, 10, 1]);
    const earlier = [{ round: 1, norm: Math.sqrt(LENGTH) }];
    const found = await screened([first!, second!, third!], { earlier });
    expect(reasons(found)).toEqual(['norm-too-large', 'norm-too-large', null]);
  });
});

describe('the firewall and figures', () => {
  const figures = (dice: number | null): Figures => ({ ...NO_FIGURES, dice });
  const flagsOf = async (...dice: (number | null)[]) =>
    (await screened(honest(dice.map(() => 1)), { figures: dice.map(figures) })).map(
      ({ flags }) => flags,
    );

  it('flags a perfect one where the others’ are far from it', async () => {
    expect(await flagsOf(0.6, 1, 0.7)).toEqual([[], ['figures-too-good'], []]);
  });

  it('finds nothing in perfect ones that are like the others’, alone, or withheld', async () => {
    expect(await flagsOf(0.97, 1, 0.99)).toEqual([[], [], []]);
    expect(await flagsOf(null, 1, null)).toEqual([[], [], []]);
  });
});

describe('a screening', () => {
  it('is a function of the set: of any order it finds the same', async () => {
    const deltas = honest([1, 2, 0.5, 1, 20]);
    const found = await screened(deltas);
    const order = fc.shuffledSubarray([0, 1, 2, 3, 4], { minLength: 5 });
    await fc.assert(
      fc.asyncProperty(order, async (places) => {
        const again = await screened(places.map((place) => deltas[place]!));
        for (const [at, place] of places.entries()) {
          expect({ ...again[at], site: '' }).toEqual({ ...found[place], site: '' });
        }
      }),
      { numRuns: 20 },
    );
  });
});
