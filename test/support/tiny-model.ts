import { type Sha256, seededRandom, sha256 } from '@fedvox/base';
import { encodeWeights, tensorOf, type Weights } from '@fedvox/weights';

/** A model of a few values: enough for everything that a coordinator does with one. */
const SHAPES: Readonly<Record<string, readonly number[]>> = {
  'conv.bias': [4],
  'conv.weight': [4, 2, 3],
  'head.weight': [2, 4],
};

/** Weights that are a function of the seed alone. */
export function tinyWeights(seed: string, scale = 1, shapes = SHAPES): Weights {
  return new Map(
    Object.entries(shapes).map(([name, shape]) => {
      const random = seededRandom(`${seed}/${name}`);
      const count = shape.reduce((product, size) => product * size, 1);
      const data = Float32Array.from({ length: count }, () => scale * random.normal());
      return [name, { shape, data }];
    }),
  );
}

/** What a scripted site "trains" in a round. */
export function tinyDelta(site: string, round: number): Weights {
  return tinyWeights(`${site}/${round}`, 0.1);
}

export interface TinyUpdate {
  readonly site: string;
  readonly weight: number;
}

/** The model that a round must make, written down as the formula has it. */
export function expectedModel(
  base: Weights,
  round: number,
  updates: readonly TinyUpdate[],
): Weights {
  const sorted = noneAlone([...updates].sort((a, b) => (a.site < b.site ? -1 : 1)));
  const total = sorted.reduce((sum, { weight }) => sum + weight, 0);
  const deltas = sorted.map(({ site }) => tinyDelta(site, round));
  return new Map(
    [...base].map(([name, { shape, data }]) => {
      const values = [...data].map((value, i) => {
        const sum = sorted.reduce(
          (partial, { weight }, k) => partial + weight * tensorOf(deltas[k]!, name).data[i]!,
          0,
        );
        return value + sum / total;
      });
      return [name, { shape, data: Float32Array.from(values) }];
    }),
  );
}

/** A site counts no more than all the others together: at most half of the average. */
function noneAlone(updates: readonly TinyUpdate[]): TinyUpdate[] {
  return updates.map(({ site, weight }) => {
    const others = updates.reduce(
      (sum, other) => sum + (other.site === site ? 0 : other.weight),
      0,
    );
    return { site, weight: Math.min(weight, others) };
  });
}

export function digestOf(weights: Weights): Sha256 {
  return sha256(encodeWeights(weights));
}
