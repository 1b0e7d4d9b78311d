import { add, mul, type Tensor } from '@tensorflow/tfjs-core';
import { FusedOptimizer, runsOf } from './fused-optimizer.js';
import { type Operation, runAll } from './operation.js';

export interface SgdOptions {
  readonly learningRate: number;
  /** μ: what of a step is left in the next. */
  readonly momentum?: number | undefined;
  /** Whether the step looks ahead along its momentum: Sutskever et al., ICML 2013. */
  readonly nesterov?: boolean | undefined;
  /** λ: how strongly weights are drawn to 0, by their gradients. */
  readonly weightDecay?: number | undefined;
}

/**
 * Gradient descent as PyTorch's `SGD`: with g the gradient and λ times the weight, v ← μv + g, and a step of η
 * against v, or against g + μv where it looks ahead. For all variables in one kernel; without momentum and
 * weight decay the steps are those of `tf.train.sgd`, to the bit.
 */
export class FusedSgd extends FusedOptimizer {
  /** @nocollapse */
  static readonly className = 'FusedSgd';
  protected readonly slots: readonly string[];

  learningRate: number;
  readonly #settings: Omit<SgdAttributes, 'learningRate'>;

  constructor({ learningRate, momentum = 0, nesterov = false, weightDecay = 0 }: SgdOptions) {
    super();
    this.learningRate = learningRate;
    this.slots = momentum === 0 ? [] : ['velocity'];
    this.#settings = { momentum, nesterov, weightDecay };
  }

  protected step(inputs: readonly Tensor[]): Tensor[] {
    return runAll(sgd, inputs, this.getConfig());
  }

  override getConfig() {
    return { learningRate: this.learningRate, ...this.#settings };
  }
}

export type SgdAttributes = {
  readonly [Name in keyof Required<SgdOptions>]: NonNullable<SgdOptions[Name]>;
};

/** Takes n values and n gradients, and n velocities where there is momentum; gives values and velocities. */
const sgd: Operation<readonly Tensor[], SgdAttributes> = {
  kernelName: 'FedvoxSgd',
  composed: (inputs, { learningRate, momentum, nesterov, weightDecay }) => {
    const [values = [], gradients = [], before] = runsOf(
      Object.values(inputs),
      momentum === 0 ? 2 : 3,
    );
    const decayed = gradients.map((gradient, index) =>
      weightDecay === 0 ? gradient : add(gradient, mul(values[index] as Tensor, weightDecay)),
    );
    const velocities = before?.map((velocity, index) =>
      add(mul(velocity, momentum), decayed[index] as Tensor),
    );
    const next = values.map((value, index) => {
      const [gradient, velocity] = [decayed[index] as Tensor, velocities?.[index]];
      const direction =
        velocity === undefined
          ? gradient
          : nesterov
            ? add(gradient, mul(velocity, momentum))
            : velocity;
      return add(mul(-learningRate, direction), value);
    });
    return [...next, ...(velocities ?? [])];
  },
};
