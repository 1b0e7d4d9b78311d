import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import type { TorchBackend } from '../backend.js';
import {
  liveTensorCount,
  prelu,
  registerTorchBackend,
  torchAvailability,
  variableGradients,
} from '../index.js';

describe.skipIf(!torchAvailability().available)('variable gradients', () => {
  beforeAll(() => registerTorchBackend({ threads: 1 }));

  /** Many layers of one size, with a sum whose gradient hands dy on, and a skip connection. */
  function deepLoss(weights: tf.Variable, slope: tf.Variable): tf.Scalar {
    const same = tf.customGrad<tf.Tensor>((...args) => ({
      value: tf.clone(args[0] as tf.Tensor),
      gradFunc: (dy) => dy,
    }));
    let y: tf.Tensor = tf.ones([64, 1024]);
    for (let layer = 0; layer < 8; layer++) {
      y = same(tf.add(y, prelu(tf.mul(y, weights), slope as unknown as tf.Tensor1D)));
    }
    return tf.mean(tf.square(y)) as tf.Scalar;
  }

  function variables() {
    const row = tf.linspace(-0.3, 0.3, 1024);
    const slope = tf.tensor1d([0.25]);
    const made = [tf.variable(row), tf.variable(slope)] as const;
    tf.dispose([row, slope]);
    return made;
  }

  it('are those of tf.variableGrads, and leave no tensor behind', () => {
    const [weights, slope] = variables();
    const before = liveTensorCount();
    const ours = variableGradients(() => deepLoss(weights, slope), [weights, slope]);
    const theirs = tf.variableGrads(() => deepLoss(weights, slope), [weights, slope]);
    expect(ours.value.dataSync()).toEqual(theirs.value.dataSync());
    for (const { name } of [weights, slope]) {
      expect(ours.grads[name]!.dataSync()).toEqual(theirs.grads[name]!.dataSync());
    }
    tf.dispose([ours, theirs] as unknown as tf.TensorContainer);
    expect(liveTensorCount()).toBe(before);
    tf.dispose([weights, slope]);
  });

  it('need less memory at the peak', () => {
    const [weights, slope] = variables();
    const { native } = tf.backend() as TorchBackend;
    const peakOf = (gradients: typeof variableGradients) => {
      native.resetPeak();
      tf.tidy(() => gradients(() => deepLoss(weights, slope), [weights, slope]).value);
      return native.peakBytes();
    };
    const theirs = peakOf(tf.variableGrads);
    expect(peakOf(variableGradients)).toBeLessThan(0.8 * theirs);
    tf.dispose([weights, slope]);
  });
});
