import { registerGradients } from '@fedvox/tfjs-backend-torch';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { TEST_ENGINES } from '../testing/engines.js';
import { OptimizerSteps } from './optimizer-steps.js';
import { ProximalTerm } from './proximal-term.js';

/** Two weights under plain gradient descent of rate 1, so that a step is the gradient itself. */
function descent(clipNorm?: number) {
  const variables = tf.tidy(() => [tf.variable(tf.ones([2])), tf.variable(tf.ones([]))]);
  const optimizer = tf.train.sgd(1);
  const steps = new OptimizerSteps({ optimizer, variables, clipNorm });
  const [first, second] = variables as [tf.Variable, tf.Variable];
  return {
    /** A loss with the gradient (x, y) of the first weight and z of the second. */
    lossOf: (x: number, y: number, z: number) => () =>
      tf.add(tf.sum(tf.mul(first, tf.tensor1d([x, y]))), tf.mul(second, z)) as tf.Scalar,
    values: () => [...first.dataSync(), ...second.dataSync()],
    steps,
    dispose() {
      steps.dispose();
      optimizer.dispose();
      tf.dispose(variables);
    },
  };
}

describe.each(TEST_ENGINES)('steps on the $engine engine', ({ missing, start }) => {
  beforeAll(async () => {
    if (!missing) await start();
    await registerGradients();
  });

  it.skipIf(missing)('follow the mean of their micro-batches, weighted by cases', () => {
    const { steps, lossOf, values, dispose } = descent();
    const loss = steps.add(lossOf(4, 0, 8), { share: 0.75, isLast: false });
    expect(loss.dataSync()[0]).toBe(12);
    expect(values()).toEqual([1, 1, 1]);
    steps.add(lossOf(0, 4, 8), { share: 0.25, isLast: true }).dispose();
    expect(values()).toEqual([-2, 0, -7]);
    steps.add(lossOf(1, 1, 1), { share: 1, isLast: true }).dispose();
    expect(values()).toEqual([-3, -1, -8]);
    loss.dispose();
    dispose();
  });

  it.skipIf(missing)('are clipped after the micro-batches have added up, not before', () => {
    const { steps, lossOf, values, dispose } = descent(1);
    // Each is far above the limit; together they are (0, 3, 4)/10, of norm 0.5, below it.
    steps.add(lossOf(100, 0.3, 0.4), { share: 0.5, isLast: false }).dispose();
    steps.add(lossOf(-100, 0.3, 0.4), { share: 0.5, isLast: true }).dispose();
    for (const [index, value] of [1, 0.7, 0.6].entries()) {
      expect(values()[index]).toBeCloseTo(value, 5);
    }
    dispose();
  });

  it.skipIf(missing)('shrink a gradient that is too long to the limit, over all weights', () => {
    const { steps, lossOf, values, dispose } = descent(1);
    steps.add(lossOf(0, 30, 40), { share: 1, isLast: true }).dispose();
    for (const [index, value] of [1, 0.4, 0.2].entries()) {
      expect(values()[index]).toBeCloseTo(value, 5);
    }
    dispose();
  });

  it.skipIf(missing)('are drawn back to where they began by a proximal term', () => {
    // figures.json of `aggregation`: base, how far it has gone since, and the closed form of a step.
    const base = [1, -2, 0.5, 3];
    const fromBase = [0.1, 0.2, 0.3, 0.4];
    const after = [0.9999, -1.9002, 0.6997, 3.2996];
    const before = tf.memory().numTensors;
    const variable = tf.tidy(() => tf.variable(tf.tensor1d(base)));
    const optimizer = tf.train.sgd(0.1);
    const steps = new OptimizerSteps({
      ...{ optimizer, variables: [variable] },
      terms: [new ProximalTerm([variable], 0.01)],
    });
    tf.tidy(() => variable.assign(tf.add(variable, tf.tensor1d(fromBase))));
    steps.add(() => tf.sum(variable), { share: 1, isLast: true }).dispose();
    for (const [index, value] of variable.dataSync().entries()) {
      expect(Math.abs(value - (after[index] as number))).toBeLessThanOrEqual(1e-6);
    }
    steps.dispose();
    optimizer.dispose();
    variable.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });

  it.skipIf(missing)('leave nothing behind, also when the last was never taken', () => {
    const before = tf.memory().numTensors;
    const { steps, lossOf, dispose } = descent(1);
    steps.add(lossOf(1, 1, 1), { share: 0.5, isLast: true }).dispose();
    steps.add(lossOf(1, 1, 1), { share: 0.5, isLast: false }).dispose();
    dispose();
    expect(tf.memory().numTensors).toBe(before);
  });
});
