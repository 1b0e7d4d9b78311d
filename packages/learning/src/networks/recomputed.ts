import * as tf from '@tensorflow/tfjs-core';
import type { Layer } from './layer.js';

/**
 * The same layer, of which training keeps nothing but its input between the way forward and the way back, where
 * it is computed anew, to the same bits (Chen et al., arXiv:1604.06174; PyTorch's `checkpoint`). Of a layer that
 * counts no statistics and supervises nothing.
 */
export function recomputed(layer: Layer): Layer {
  const names = layer.parameters.map(({ name }) => name);
  return {
    parameters: layer.parameters,
    apply(x, pass) {
      if (pass.training === undefined) return layer.apply(x, pass);
      const compute = (input: tf.Tensor, ...values: tf.Tensor[]) => {
        const byName = new Map(names.map((name, index) => [name, values[index] as tf.Tensor]));
        const value = (name: string) => byName.get(name) as tf.Tensor;
        return layer.apply(input as tf.Tensor5D, { ...pass, value });
      };
      return tf.customGrad<tf.Tensor5D>((...args) => {
        const inputs = args.slice(0, -1) as tf.Tensor[];
        const save = args.at(-1) as unknown as tf.GradSaveFunc;
        save(inputs);
        return {
          value: compute(...(inputs as [tf.Tensor, ...tf.Tensor[]])),
          gradFunc: (dy, saved) => apart(() => tf.grads(compute)(saved, dy)),
        };
      })(x, ...names.map(pass.value));
    },
  };
}

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
