import {
  clipByGlobalNorm,
  GradientAccumulator,
  variableGradients,
} from '@fedvox/tfjs-backend-torch';
import * as tf from '@tensorflow/tfjs-core';
import type { GradientTerm } from './gradient-term.js';

export interface OptimizerStepsOptions {
  readonly optimizer: tf.Optimizer;
  readonly variables: readonly tf.Variable[];
  /** The gradient's 2-norm over all variables is brought down to this; unbounded where absent. */
  readonly clipNorm?: number | undefined;
  /** Told of each step before it is taken, by its number from 0. */
  readonly beforeStep?: ((step: number) => void) | undefined;
  /** What each step's gradient has besides; the steps' own from now on. */
  readonly terms?: readonly GradientTerm[] | undefined;
}

/** Where a micro-batch stands in its step. */
export interface MicroBatch {
  /** The part of the step's cases that are in it, 0 to 1; those of one step add up to 1. */
  readonly share: number;
  /** Whether the step is taken after it. */
  readonly isLast: boolean;
}

/**
 * Steps of an optimizer, each over one or more micro-batches. The gradient is their mean weighted by
 * cases: that of one batch with all of them, wherever the loss is a mean over cases and a case's output
 * depends on no other case (so not under batch norm).
 */
export class OptimizerSteps {
  readonly #optimizer: tf.Optimizer;
  readonly #variables: tf.Variable[];
  readonly #clipNorm: number | undefined;
  readonly #accumulator = new GradientAccumulator();
  readonly #terms: readonly GradientTerm[];
  readonly #beforeStep: ((step: number) => void) | undefined;
  #taken = 0;

  constructor({ optimizer, variables, clipNorm, beforeStep, terms = [] }: OptimizerStepsOptions) {
    this.#beforeStep = beforeStep;
    this.#terms = terms;
    this.#optimizer = optimizer;
    this.#variables = [...variables];
    this.#clipNorm = clipNorm;
  }

  /** Adds one micro-batch, and takes the step with the last. @returns its loss, before the step */
  add(loss: () => tf.Scalar, { share, isLast }: MicroBatch): tf.Scalar {
    return tf.tidy(() => {
      const { value, grads } = variableGradients(loss, this.#variables);
      if (isLast && share === 1) {
        this.#step(grads);
      } else {
        this.#accumulator.add(grads, share);
        tf.dispose(grads);
        if (isLast) this.#step(this.#accumulator.release());
      }
      return value;
    });
  }

  /** Lets go of micro-batches whose step was never taken; the optimizer stays its owner's. */
  dispose(): void {
    this.#accumulator.dispose();
    for (const term of this.#terms) term.dispose();
  }

  /** Uses the gradients up. */
  #step(gradients: tf.NamedTensorMap): void {
    this.#beforeStep?.(this.#taken++);
    const whole = this.#terms.reduce((sum, term) => term.addedTo(sum), gradients);
    this.#optimizer.applyGradients(this.#clipped(whole));
    tf.dispose(gradients);
  }

  #clipped(gradients: tf.NamedTensorMap): tf.NamedTensorMap {
    if (this.#clipNorm === undefined) return gradients;
    const present = Object.entries(gradients).filter(([, gradient]) => gradient != null);
    const tensors = present.map(([, gradient]) => gradient);
    const { clipped } = clipByGlobalNorm(tensors, this.#clipNorm);
    return Object.fromEntries(present.map(([name], index) => [name, clipped[index] as tf.Tensor]));
  }
}
