import * as tf from '@tensorflow/tfjs-core';

/** Draws variables back to where they were when it was made (FedProx; Li et al., MLSys 2020). */
export class ProximalTerm {
  readonly #variables: readonly tf.Variable[];
  readonly #origins: readonly tf.Tensor[];
  readonly #mu: number;

  constructor(variables: readonly tf.Variable[], mu: number) {
    this.#variables = variables;
    // Copies, not clones: an optimizer may write a variable's next value over this one.
    this.#origins = variables.map((variable) => tf.tidy(() => tf.keep(tf.mul(variable, 1))));
    this.#mu = mu;
  }

  /** The gradients by variable plus `μ(w − w₀)`; what was given stays the caller's. */
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
