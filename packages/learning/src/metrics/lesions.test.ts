import { readFileSync } from 'node:fs';
import type { LabelMap, Neighbours } from '@fedvox/imaging';
import { describe, expect, it } from 'vitest';
import { FROC_RATES, frocCurve, sensitivityAtRate } from './froc.js';
import { LESION_RULE, type LesionRule, matchLesions } from './lesions.js';

interface Golden {
  readonly shape: [number, number, number];
  readonly rates: readonly number[];
  readonly scans: readonly {
    readonly reference: readonly number[];
    readonly predicted: readonly number[];
    readonly scores: readonly number[];
  }[];
  readonly rules: readonly {
    readonly neighbours: Neighbours;
    readonly overlap: number;
    /** Sorted; what was missed is 0. */
    readonly cases: readonly { readonly found: number[]; readonly false: number[] }[];
    readonly froc: readonly number[];
  }[];
}

const golden: Golden = JSON.parse(
  readFileSync(new URL('golden/lesions.json', import.meta.url), 'utf8'),
);

function mapOf(shape: LabelMap['shape'], voxels: readonly number[], label = 1): LabelMap {
  const data = new Uint8Array(shape[0] * shape[1] * shape[2]);
  for (const voxel of voxels) data[voxel] = label;
  return { shape, affineRas: [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1], data };
}

function goldenMatches(rule: LesionRule) {
  return golden.scans.map(({ reference, predicted, scores }) => {
    const values = new Float32Array(golden.shape[0] * golden.shape[1] * golden.shape[2]).fill(99);
    for (const [index, voxel] of predicted.entries()) values[voxel] = scores[index] as number;
    const maps = [mapOf(golden.shape, predicted), mapOf(golden.shape, reference)] as const;
    return matchLesions(...maps, 1, values, rule);
  });
}

const ascending = (values: readonly (number | null)[]) =>
  values.map((value) => value ?? 0).sort((a, b) => a - b);

describe('lesions', () => {
  it.each(golden.rules)(
    'are found as by SciPy, of $neighbours neighbours from an overlap of $overlap on',
    ({ cases, froc, ...rule }) => {
      const matched = goldenMatches(rule);
      const ours = matched.map(({ found, falsePositives }) => ({
        ...{ found: ascending(found), false: ascending(falsePositives) },
      }));
      expect(ours).toEqual(cases);
      const curve = frocCurve(matched);
      for (const [index, rate] of golden.rates.entries()) {
        expect(sensitivityAtRate(curve, rate)).toBeCloseTo(froc[index] as number, 12);
      }
    },
  );

  it('are asked for at the rates of LUNA16', () => {
    expect(FROC_RATES).toEqual(golden.rates);
  });

  const shape = [12, 1, 1] as const;
  const even = new Float32Array(12).fill(0.5);
  const match = (predicted: LabelMap, reference: LabelMap, scores = even) =>
    matchLesions(predicted, reference, 1, scores, LESION_RULE);

  it('may be hit twice, which is no false positive, and the higher score counts', () => {
    const scores = Float32Array.from(even, (_, at) => (at === 4 ? 0.9 : 0.5));
    const matched = match(mapOf(shape, [0, 1, 4]), mapOf(shape, [0, 1, 2, 3, 4]), scores);
    expect(matched).toEqual({ found: [expect.closeTo(0.9, 6)], falsePositives: [] });
  });

  it('may be hit together by one that covers them', () => {
    const matched = match(mapOf(shape, [0, 1, 2, 3, 4]), mapOf(shape, [0, 1, 3, 4]));
    expect(matched).toEqual({ found: [0.5, 0.5], falsePositives: [] });
  });

  it('are missed by what hardly touches them, which is a false positive', () => {
    const all = Array.from({ length: 11 }, (_, at) => at);
    expect(match(mapOf(shape, all), mapOf(shape, [0]))).toEqual({
      ...{ found: [null], falsePositives: [0.5] },
    });
    // A tenth is enough.
    expect(match(mapOf(shape, all.slice(1)), mapOf(shape, [1])).found).toEqual([0.5]);
  });

  it('are of their class alone', () => {
    const other = mapOf(shape, [0, 1], 2);
    expect(match(other, mapOf(shape, [0, 1]))).toEqual({ found: [null], falsePositives: [] });
  });
});

describe('a FROC curve', () => {
  it('goes from nothing found to all that was predicted', () => {
    const scans = [
      { found: [0.9, null], falsePositives: [0.8, 0.2] },
      { found: [0.5], falsePositives: [] },
    ];
    const curve = frocCurve(scans);
    expect(curve).toEqual([
      { falsePositives: 0, sensitivity: 0 },
      { falsePositives: 0, sensitivity: 1 / 3 },
      { falsePositives: 0.5, sensitivity: 1 / 3 },
      { falsePositives: 0.5, sensitivity: 2 / 3 },
      { falsePositives: 1, sensitivity: 2 / 3 },
    ]);
    expect([0, 1 / 4, 1 / 2, 1, 8].map((rate) => sensitivityAtRate(curve, rate))).toEqual([
      ...[1 / 3, 1 / 3, 2 / 3, 2 / 3, 2 / 3],
    ]);
  });

  it('says nothing where there is no lesion', () => {
    const curve = frocCurve([{ found: [], falsePositives: [0.5] }]);
    expect(sensitivityAtRate(curve, 1)).toBeNaN();
  });
});
