import { add, dispose, keep, mul, type NamedTensorMap, type Tensor } from '@tensorflow/tfjs-core';
import { type Operation, runAll } from './operation.js';

/**
 * A weighted sum of gradients over micro-batches, so that a step may see more samples than fit in memory
 * at once. It holds one tensor a variable however many are added: on the torch backend sums grow in
 * place, elsewhere each replaces the one before.
 */
export class GradientAccumulator {
  private sums: Record<string, Tensor> = {};

  /** Adds `weight` times these gradients, which stay the caller's; null ones are left out. */
  add(gradients: NamedTensorMap, weight: number): void {
    const present = Object.entries(gradients).filter(([, gradient]) => gradient != null);
    const isKnown = ([name]: [string, Tensor]) => name in this.sums;
    const known = present.filter(isKnown);
    const fresh = present.filter((entry) => !isKnown(entry));
    this.include(known, weight);
    this.include(fresh, weight);
  }

  /** The sums so far, now the caller's; the next ones start from nothing. */
  release(): NamedTensorMap {
    const { sums } = this;
    this.sums = {};
    return sums;
  }

  dispose(): void {
    dispose(this.release());
  }

  /** Adds gradients that either all have a sum already, or none of which has. */
  private include(named: readonly [string, Tensor][], weight: number): void {
    if (named.length === 0) return;
    const before = named.flatMap(([name]) => this.sums[name] ?? []);
    const gradients = named.map(([, gradient]) => gradient);
    const inputs = [...before, ...gradients];
    const after = runAll(accumulation, inputs, { weight, count: gradients.length });
    dispose(before);
    named.forEach(([name], index) => {
      this.sums[name] = keep(after[index] as Tensor);
    });
  }
}

export interface AccumulationAttributes {
  readonly weight: number;
  /** How many gradients there are: the last inputs. */
  readonly count: number;
}

/**
 * Takes n sums or none, then n gradients; gives n sums. It uses the sums up: they must not be read
 * afterwards, only disposed of, because a backend may write the new ones over them.
 */
const accumulation: Operation<readonly Tensor[], AccumulationAttributes> = {
  kernelName: 'FedvoxAccumulate',
  composed: (inputs, { weight, count }) => {
    const list = Object.values(inputs);
    const sums = list.slice(0, -count);
    return list.slice(-count).map((gradient, index) => {
      const weighted = mul(gradient, weight);
      const sum = sums[index];
      return sum === undefined ? weighted : add(sum, weighted);
    });
  },
};
