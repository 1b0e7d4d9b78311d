import { add, div, mul, sqrt, square, sub, type Tensor } from '@tensorflow/tfjs-core';
import { FusedOptimizer, runsOf } from './fused-optimizer.js';
import { type Operation, runAll } from './operation.js';

export interface AdamOptions {
  readonly learningRate?: number | undefined;
  readonly beta1?: number | undefined;
  readonly beta2?: number | undefined;
  readonly epsilon?: number | undefined;
  /** λ: how strongly weights are drawn to 0. */
  readonly weightDecay?: number | undefined;
  /**
   * Whether they are drawn there beside the step, as AdamW has it (Loshchilov & Hutter, ICLR 2019), and not by
   * their gradients.
   */
  readonly decoupled?: boolean | undefined;
}

/**
 * Adam (Kingma & Ba 2015, arXiv:1412.6980) with PyTorch's defaults, for all variables in one kernel.
 * Gives what `tf.train.adam` gives.
 */
export class FusedAdam extends FusedOptimizer {
  /** @nocollapse */
  static readonly className = 'FusedAdam';
  protected readonly slots = ['m', 'v'];

  learningRate: number;
  readonly #settings: Omit<AdamAttributes, 'learningRate' | 'step'>;

  constructor({
    learningRate = 1e-3,
    beta1 = 0.9,
    beta2 = 0.999,
    epsilon = 1e-8,
    weightDecay = 0,
    decoupled = false,
  }: AdamOptions = {}) {
    super();
    this.learningRate = learningRate;
    this.#settings = { beta1, beta2, epsilon, weightDecay, decoupled };
  }

  protected step(inputs: readonly Tensor[]): Tensor[] {
    return runAll(adam, inputs, { ...this.getConfig(), step: this.iterations });
  }

  override getConfig() {
    return { learningRate: this.learningRate, ...this.#settings };
  }
}

export type AdamAttributes = {
  readonly [Name in keyof Required<AdamOptions>]: NonNullable<AdamOptions[Name]>;
} & {
  /** Counted from 1. */
  readonly step: number;
};

/**
 * Takes n values, n gradients, n first and n second moments, one after the other; gives n new values,
 * n first and n second moments.
 */
const adam: Operation<readonly Tensor[], AdamAttributes> = {
  kernelName: 'FedvoxAdam',
  composed: (inputs, attributes) => {
    const { learningRate, beta1, beta2, epsilon, weightDecay, decoupled, step } = attributes;
    const [values, gradients, firsts, seconds] = runsOf(Object.values(inputs), 4) as Four;
    const next = values.map((value, index) => {
      const ofLoss = gradients[index] as Tensor;
      const gradient =
        weightDecay === 0 || decoupled ? ofLoss : add(ofLoss, mul(value, weightDecay));
      const kept = decoupled ? mul(value, 1 - learningRate * weightDecay) : value;
      const first = add(mul(firsts[index] as Tensor, beta1), mul(gradient, 1 - beta1));
      const second = add(mul(seconds[index] as Tensor, beta2), mul(square(gradient), 1 - beta2));
      const unbiasedFirst = div(first, 1 - beta1 ** step);
      const spread = add(sqrt(div(second, 1 - beta2 ** step)), epsilon);
      return [sub(kept, mul(div(unbiasedFirst, spread), learningRate)), first, second] as const;
    });
    return [...next.map((n) => n[0]), ...next.map((n) => n[1]), ...next.map((n) => n[2])];
  },
};

type Four = [Tensor[], Tensor[], Tensor[], Tensor[]];
