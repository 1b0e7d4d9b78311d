import { assert } from '@fedvox/base';
import type { TensorReader, TensorSource } from '../tensor-source.js';

/**
 * What is to be sent where something was left of earlier updates: both of them. Error feedback: Seide et
 * al., Interspeech 2014; Stich, Cordonnier and Jaggi, NeurIPS 2018; Karimireddy et al., ICML 2019.
 */
export function withResidual(delta: TensorSource, residual: TensorReader): TensorSource {
  return valueByValue(delta, residual, (value, left) => value + left);
}

/** What an encoding left of a delta: to be sent with the next one. */
export function residualOf(delta: TensorSource, sent: TensorReader): TensorSource {
  return valueByValue(delta, sent, (value, part) => value - part);
}

/** In float64, rounded once to float32. */
function valueByValue(
  first: TensorSource,
  second: TensorReader,
  combine: (a: number, b: number) => number,
): TensorSource {
  return {
    tensors: first.tensors,
    read: async (name, from, to) => {
      const values = await first.read(name, from, to);
      const others = await second.read(name, from, to);
      assert(values.length === others.length, 'equal shapes hold equally many values');
      return values.map((value, at) => combine(value, others[at] as number));
    },
  };
}
