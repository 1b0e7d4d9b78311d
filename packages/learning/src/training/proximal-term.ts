import * as tf from '@tensorflow/tfjs-core';
import type { GradientTerm } from './gradient-term.js';

/**
 * The gradient of `μ/2 ‖w − w₀‖²`: draws variables back to w₀, where they were when it was made unless told
 * otherwise (FedProx; Li et al., MLSys 2020).
 */
export class ProximalTerm implements GradientTerm {
  readonly #variables: readonly tf.Variable[];
  readonly #origins: readonly tf.Tensor[];
  readonly #mu: number;

  /** @param origins w₀, one for each variable; the term's own from now on */
  constructor(
    variables: readonly tf.Variable[],
    mu: number,
    origins: readonly tf.Tensor[] = variables.map(copyOf),
  ) {
    this.#variables = variables;
    this.#origins = origins;
    this.#mu = mu;
  }

  addedTo(gradients: tf.NamedTensorMap): tf.NamedTensorMap {
    const sums = this.#variables.flatMap((variable, index) => {
      const gradient = gradients[variable.name];
      if (gradient == null) return [];
      const pull = tf.tidy(() =>
        tf.add(gradient, tf.mul(this.#mu, tf.sub(variable, this.#origins[index] as tf.Tensor))),
      );
      return [[variable.name, pull] as const];
    });
    return Object.fromEntries(sums);
  }

  dispose(): void {
    tf.dispose([...this.#origins]);
  }
}

/** Not a clone: an optimizer may write a variable's next value over this one. */
function copyOf(variable: tf.Variable): tf.Tensor {
  return tf.tidy(() => tf.keep(tf.mul(variable, 1)));
}
