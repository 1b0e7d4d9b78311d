import type { Weights } from '@fedvox/weights';
import * as tf from '@tensorflow/tfjs-core';
import type { Network } from '../networks/network.js';
import type { GradientTerm } from './gradient-term.js';
import { ProximalTerm } from './proximal-term.js';

/** What a strategy adds to each step of a site. */
export interface StepTerms {
  /** A pull to `origin`, or to the network as training begins: FedProx, Li et al., MLSys 2020. */
  readonly proximal?: { readonly mu: number; readonly origin?: Weights };
  /** Added as it is: SCAFFOLD; Karimireddy et al., ICML 2020. */
  readonly correction?: Weights;
}

export function gradientTerms(
  network: Network,
  { proximal, correction }: StepTerms,
): readonly GradientTerm[] {
  const { variables } = network;
  const terms: GradientTerm[] = [];
  if (proximal !== undefined) {
    const { mu, origin } = proximal;
    terms.push(new ProximalTerm(variables, mu, origin && network.tensorsOf(origin)));
  }
  if (correction !== undefined) {
    terms.push(new CorrectionTerm(variables, network.tensorsOf(correction)));
  }
  return terms;
}

/** A constant vector, the same in every step. */
class CorrectionTerm implements GradientTerm {
  constructor(
    readonly variables: readonly tf.Variable[],
    /** One for each variable; the term's own. */
    readonly values: readonly tf.Tensor[],
  ) {}

  addedTo(gradients: tf.NamedTensorMap): tf.NamedTensorMap {
    const sums = this.variables.flatMap(({ name }, index) => {
      const gradient = gradients[name];
      return gradient == null ? [] : [[name, tf.add(gradient, this.values[index]!)] as const];
    });
    return Object.fromEntries(sums);
  }

  dispose(): void {
    tf.dispose([...this.values]);
  }
}
