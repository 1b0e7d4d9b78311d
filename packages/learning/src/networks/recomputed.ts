import * as tf from '@tensorflow/tfjs-core';
import type { Layer, Pass } from './layer.js';

/**
 * The same layer, of which training keeps nothing but its input between the way forward and the way back, where
 * it is computed anew, to the same bits (Chen et al., arXiv:1604.06174; PyTorch's `checkpoint`). Statistics are
 * counted on the way forward alone. Of a layer that supervises nothing.
 */
export function recomputed(layer: Layer): Layer {
  const names = namesOf(layer);
  return {
    parameters: layer.parameters,
    apply(x, pass) {
      if (pass.training === undefined) return layer.apply(x, pass);
      const computed =
        (count: Pass['count']) =>
        (input: tf.Tensor, ...values: tf.Tensor[]) => {
          const byName = new Map(names.map((name, index) => [name, values[index] as tf.Tensor]));
          const value = (name: string) => byName.get(name) ?? pass.value(name);
          return layer.apply(input as tf.Tensor5D, { ...pass, value, count });
        };
      return tf.customGrad<tf.Tensor5D>((...args) => {
        const inputs = args.slice(0, -1) as [tf.Tensor, ...tf.Tensor[]];
        const save = args.at(-1) as unknown as tf.GradSaveFunc;
        save(inputs);
        return {
          value: computed(pass.count)(...inputs),
          gradFunc: (dy, saved) => apart(() => tf.grads(computed(NOT_AGAIN))(saved, dy)),
        };
      })(x, ...names.map(pass.value));
    },
  };
}

/** What the gradient of a layer is asked for: statistics, and biases that a norm makes nothing of, have none. */
const namesOf = (layer: Layer) =>
  layer.parameters
    .filter(({ role, hasGradient = true }) => role !== 'statistic' && hasGradient)
    .map(({ name }) => name);

const NOT_AGAIN: Pass['count'] = () => undefined;

/** Gradients within a backward pass: where they end, tfjs forgets the tape, which the pass still needs. */
function apart<T>(gradients: () => T): T {
  const { state } = tf.engine();
  const { activeTape } = state;
  try {
    return gradients();
  } finally {
    state.activeTape = activeTape;
  }
}
