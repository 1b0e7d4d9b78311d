import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { supervisedLoss } from './deep-supervision.js';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

const outputOf = (value: number, weight: number) => ({
  logits: tf.fill<tf.Rank.R5>([1, 1, 1, 1, 1], value),
  weight,
});
const lossesOf = (outputs: ReturnType<typeof outputOf>[]) =>
  tf.tidy(() => supervisedLoss(outputs, (logits) => tf.sum(logits)).dataSync()[0]);

describe('the loss of outputs that are all held to the labels', () => {
  it('is that of the only one', () => {
    expect(lossesOf([outputOf(3, 1)])).toBe(3);
  });

  it('is their mean by weight', () => {
    const outputs = [outputOf(7, 1), outputOf(14, 0.5), outputOf(28, 0.25)];
    expect(lossesOf(outputs)).toBeCloseTo((7 + 7 + 7) / 1.75, 5);
  });
});
