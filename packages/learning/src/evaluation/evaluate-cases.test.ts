import { type LabelMap, preprocess, type Volume } from '@fedvox/imaging';
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Predictor } from '../inference/probabilities.js';
import { ballJob } from '../testing/phantoms.js';
import { detailedEvaluationOf } from './case-evaluation.js';
import { evaluationOf, measureCases } from './evaluate-cases.js';

const identity = [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1];

/** Reads the logit of the foreground straight from the image. */
const readsImage: Predictor = {
  divisor: [1, 1, 1],
  logits: (images) => tf.concat([tf.zerosLike(images), images], 4),
};

/** A row of voxels with these logits and these labels, 1 mm apart. */
function rowCase(logits: readonly number[], labels: readonly number[]) {
  const shape = [logits.length, 1, 1] as const;
  const image: Volume = { shape, affineRas: identity, data: Float32Array.from(logits) };
  const label: LabelMap = { shape, affineRas: identity, data: Uint8Array.from(labels) };
  return { prepared: async () => ({ image }), originalLabel: async () => label };
}

const evaluateCases = async (...[network, cases, job, options]: Parameters<typeof measureCases>) =>
  evaluationOf(await measureCases(network, cases, job, options), job.classes.slice(1));

const aucOf = (level: 'case' | 'voxel') =>
  ballJob({ evaluation: { bestBy: 'dice', auc: { level, classes: ['ball'] } } });

beforeAll(async () => {
  await tf.setBackend('cpu');
});

describe('the evaluation of a model', () => {
  it('averages Dice over the cases that have the class, and counts false positives in the others', async () => {
    const cases = [
      rowCase([5, 5, -5, -5], [1, 0, 0, 0]),
      rowCase([5, 5, -5, -5], [1, 1, 1, 0]),
      rowCase([5, 5, 5, -5], [0, 0, 0, 0]),
    ];
    const evaluation = await evaluateCases(readsImage, cases, aucOf('voxel'));
    const expected = (2 / 3 + 4 / 5) / 2;
    expect(evaluation.dice).toBeCloseTo(expected, 12);
    expect(evaluation.validationCases).toBe(3);
    expect(evaluation.perClass).toEqual([
      {
        name: 'ball',
        dice: evaluation.dice,
        // One voxel 1 mm off among two, then one among three: 95th percentiles of (0, 1) and (0, 0, 1).
        hd95Mm: expect.closeTo((0.95 + 0.9) / 2, 5),
        // Nothing is further off than 1 mm; twice as much of one, two thirds of three.
        ...{ surfaceDice: 1, volumeError: expect.closeTo((1 + 1 / 3) / 2, 12) },
        cases: 2,
        emptyCases: 1,
        falsePositiveVoxels: 3,
      },
    ]);
  });

  it('finds lesions by what the network is surest of in each, where they are asked for', async () => {
    const cases = [
      rowCase([5, -5, 3, -5, 2], [1, 0, 0, 0, 1]),
      rowCase([-5, -5, 1, -5, -5], [1, 0, 0, 0, 0]),
    ];
    const job = aucOf('voxel');
    const lesionRule = { neighbours: 6, overlap: 0.5 } as const;
    const measured = await measureCases(readsImage, cases, job, { lesionRule });
    const { lesions, perCase } = detailedEvaluationOf(measured, job);
    const ball = lesions?.perClass[0];
    expect(lesions?.rule).toEqual(lesionRule);
    expect(ball).toMatchObject({
      ...{ name: 'ball', lesions: 3, found: 2, falsePositives: 1 },
      sensitivity: 2 / 3,
    });
    // The surest is right; then one wrong of two cases, one right, one wrong.
    const third = expect.closeTo(1 / 3, 12);
    expect(ball?.froc.map(({ sensitivity }) => sensitivity)).toEqual([
      ...[third, third, ...Array.from({ length: 5 }, () => expect.closeTo(2 / 3, 12))],
    ]);
    expect(ball?.frocMean).toBeCloseTo((2 / 3 + 10 / 3) / 7, 12);
    expect(perCase.map(({ perClass }) => perClass[0]?.lesions)).toEqual([
      { lesions: 2, found: 2, falsePositives: 1 },
      { lesions: 1, found: 0, falsePositives: 1 },
    ]);
    const without = await measureCases(readsImage, cases, job);
    expect(detailedEvaluationOf(without, job)).not.toHaveProperty('lesions');
  });

  it('looks at a case in windows as large as the patches that the job trains on', async () => {
    const seen = new Set<string>();
    const looksOn: Predictor = {
      divisor: [1, 1, 1],
      logits: (images) => {
        seen.add(images.shape.slice(1, 4).join('×'));
        return readsImage.logits(images);
      },
    };
    const row = rowCase([5, 5, -5, -5, 5], [1, 1, 0, 0, 1]);
    const { training } = aucOf('voxel');
    const job = ballJob({ training: { ...training, patches: { size: [2, 1, 1] } } });
    expect((await evaluateCases(looksOn, [row], job)).dice).toBe(1);
    expect([...seen]).toEqual(['2×1×1']);
  });

  it('says in how many cases a class was missed, which its mean distance passes over', async () => {
    const cases = [
      rowCase([5, 5, -5, -5], [1, 1, 0, 0]),
      rowCase([-5, -5, -5, -5], [1, 0, 0, 0]),
      rowCase([-5, -5, -5, -5], [0, 0, 0, 0]),
    ];
    const { perClass } = await evaluateCases(readsImage, cases, aucOf('voxel'));
    expect(perClass[0]).toMatchObject({ cases: 2, hd95Mm: 0, dice: 0.5 });
    expect(perClass[0]).toMatchObject({ surfaceDice: 0.5, volumeError: 0.5 });
    // The diagonal of four voxels by one by one, 1 mm each, for the case that was missed.
    const hd95PenalisedMm = expect.closeTo(Math.sqrt(18) / 2, 5);
    expect(perClass[0]?.missed).toEqual({ cases: 1, hd95PenalisedMm });
  });

  it('ranks cases by their highest probability', async () => {
    const cases = [
      rowCase([-5, 3], [0, 1]),
      rowCase([-5, 1], [0, 1]),
      rowCase([-5, 2], [0, 0]),
      rowCase([-5, -4], [0, 0]),
    ];
    // Of the four pairs, only (1, 2) is in the wrong order.
    expect((await evaluateCases(readsImage, cases, aucOf('case'))).auc).toBe(0.75);
  });

  it('ranks voxels over all cases together', async () => {
    const cases = [rowCase([4, 1, -3], [1, 0, 0]), rowCase([0, 2], [1, 0])];
    // Positives 4 and 0 against negatives 1, −3 and 2: four of six pairs in order.
    expect((await evaluateCases(readsImage, cases, aucOf('voxel'))).auc).toBeCloseTo(4 / 6, 12);
  });

  it('measures on the grid of the scan, beyond which the network saw nothing', async () => {
    const scan = rowCase([-5, 5, 5], [1, 1, 1]);
    // The network's grid starts one voxel further right and ends where the scan does.
    const shifted = { shape: [2, 1, 1] as const, affineRas: [...identity] };
    shifted.affineRas[3] = 1;
    const image: Volume = { ...shifted, data: Float32Array.of(5, 5) };
    const cases = [{ ...scan, prepared: async () => ({ image }) }];
    const { dice } = await evaluateCases(readsImage, cases, aucOf('voxel'));
    expect(dice).toBeCloseTo((2 * 2) / (2 + 3), 12);
  });

  it('brings predictions back through flipped and exchanged axes', async () => {
    // Voxel axes run superior (3 mm), left and anterior; the network sees right, anterior, superior.
    const grid = {
      shape: [2, 3, 4] as const,
      affineRas: [0, -1, 0, 7, 0, 0, 2, -5, 3, 0, 0, 0, 0, 0, 0, 1],
    };
    const logits = Float32Array.from({ length: 24 }, (_, voxel) => ((voxel * 7) % 11) - 5.5);
    const label: LabelMap = { ...grid, data: Uint8Array.from(logits, (value) => +(value > 0)) };
    const { image } = preprocess({ image: { ...grid, data: logits } }, [
      { kind: 'orient', axes: 'RAS' },
    ]);
    expect(image.shape).toEqual([3, 4, 2]);
    const cases = [{ prepared: async () => ({ image }), originalLabel: async () => label }];
    const evaluation = await evaluateCases(readsImage, cases, aucOf('voxel'));
    expect(evaluation).toMatchObject({ dice: 1, auc: 1 });
  });

  it('gives null, not a number, for what is undefined', async () => {
    const cases = [rowCase([-5, -5], [0, 0])];
    const evaluation = await evaluateCases(readsImage, cases, aucOf('case'));
    expect(evaluation).toMatchObject({ dice: null, auc: null });
  });

  it('is refused, the case named, where the network gives no number', async () => {
    const cases = [
      { ...rowCase([1, 2], [0, 1]), caseId: 'whole' },
      { ...rowCase([1, Number.NaN], [0, 1]), caseId: 'spoiled' },
    ];
    await expect(evaluateCases(readsImage, cases, aucOf('voxel'))).rejects.toMatchObject({
      code: 'learning/prediction-not-finite',
      message: 'case spoiled: the network gives no number for 1 of 2 voxels',
    });
  });

  it('stops between two cases when it is told to', async () => {
    const controller = new AbortController();
    const reason = new Error('the round is over');
    const seen: number[] = [];
    const onCase = (done: number) => {
      seen.push(done);
      controller.abort(reason);
    };
    const cases = [rowCase([1, 2], [0, 1]), rowCase([1, 2], [0, 1])];
    const options = { signal: controller.signal, onCase };
    await expect(evaluateCases(readsImage, cases, aucOf('case'), options)).rejects.toBe(reason);
    expect(seen).toEqual([1]);
  });
});
