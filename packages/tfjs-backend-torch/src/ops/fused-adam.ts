import {
  add,
  dispose,
  div,
  engine,
  keep,
  mul,
  type NamedTensorMap,
  Optimizer,
  type Scalar,
  sqrt,
  square,
  sub,
  type Tensor,
  util,
  type Variable,
  zerosLike,
} from '@tensorflow/tfjs-core';
import { misfit } from './fit.js';
import { type Operation, runAll } from './operation.js';
import { variableGradients } from './variable-gradients.js';

export interface AdamOptions {
  readonly learningRate?: number;
  readonly beta1?: number;
  readonly beta2?: number;
  readonly epsilon?: number;
}

/** tfjs's, which it does not export. */
interface NamedTensor {
  name: string;
  tensor: Tensor;
}

/** Both moments of one variable. */
interface Moments {
  readonly first: Tensor;
  readonly second: Tensor;
}

/**
 * Adam (Kingma & Ba 2015, arXiv:1412.6980) with PyTorch's defaults, for all variables in one kernel.
 * Gives what `tf.train.adam` gives; its state is kept by variable name, so a variable without a
 * gradient in some step keeps its moments.
 */
export class FusedAdam extends Optimizer {
  /** @nocollapse */
  static readonly className = 'FusedAdam';

  learningRate: number;
  private readonly beta1: number;
  private readonly beta2: number;
  private readonly epsilon: number;
  private readonly moments = new Map<string, Moments>();

  constructor({
    learningRate = 1e-3,
    beta1 = 0.9,
    beta2 = 0.999,
    epsilon = 1e-8,
  }: AdamOptions = {}) {
    super();
    this.learningRate = learningRate;
    this.beta1 = beta1;
    this.beta2 = beta2;
    this.epsilon = epsilon;
  }

  /** As `tf.Optimizer` has it, in less memory; see `variableGradients`. */
  override computeGradients(loss: () => Scalar, variables?: Variable[]) {
    return variableGradients(loss, variables);
  }

  override applyGradients(gradients: NamedTensorMap | NamedTensor[]): void {
    const named = Array.isArray(gradients)
      ? gradients.map(({ name, tensor }) => [name, tensor] as const)
      : Object.entries(gradients);
    const present = named.filter(([, gradient]) => gradient != null);
    this.incrementIterations();
    if (present.length > 0) this.update(present);
  }

  private update(named: readonly (readonly [string, Tensor])[]): void {
    const variables = named.map(([name]) => engine().registeredVariables[name]!);
    const moments = named.map(([name, gradient]) => this.momentsOf(name, gradient));
    named.forEach(([, gradient], index) => {
      expectOneShape(variables[index]!, { gradient, ...moments[index]! });
    });
    const inputs = [
      ...variables,
      ...named.map(([, gradient]) => gradient),
      ...moments.map(({ first }) => first),
      ...moments.map(({ second }) => second),
    ];
    const { learningRate, beta1, beta2, epsilon, iterations: step } = this;
    const outputs = runAll(adam, inputs, { learningRate, beta1, beta2, epsilon, step });
    const [values, firsts, seconds] = quarters(outputs, named.length);
    named.forEach(([name], index) => {
      variables[index]!.assign(values![index]!);
      dispose([values![index]!, moments[index]!.first, moments[index]!.second]);
      this.moments.set(name, { first: keep(firsts![index]!), second: keep(seconds![index]!) });
    });
  }

  private momentsOf(name: string, like: Tensor): Moments {
    const known = this.moments.get(name);
    if (known !== undefined) return known;
    return { first: zerosLike(like), second: zerosLike(like) };
  }

  override dispose(): void {
    super.dispose();
    for (const { first, second } of this.moments.values()) dispose([first, second]);
    this.moments.clear();
  }

  /** The step counter, then `NAME/m` and `NAME/v` for every variable; the tensors stay the optimizer's. */
  override async getWeights(): Promise<NamedTensor[]> {
    const state = [...this.moments].flatMap(([name, { first, second }]) => [
      { name: `${name}/m`, tensor: first },
      { name: `${name}/v`, tensor: second },
    ]);
    return [await this.saveIterations(), ...state];
  }

  /** Takes what `getWeights` gave; the tensors are cloned. */
  override async setWeights(weights: NamedTensor[]): Promise<void> {
    const state = await this.extractIterations(weights);
    const tensors = new Map(state.map(({ name, tensor }) => [name, tensor]));
    const names = state.flatMap(({ name }) => (name.endsWith('/m') ? [name.slice(0, -2)] : []));
    for (const { first, second } of this.moments.values()) dispose([first, second]);
    this.moments.clear();
    for (const name of names) {
      const [first, second] = [tensors.get(`${name}/m`)!, tensors.get(`${name}/v`)!];
      this.moments.set(name, { first: keep(first.clone()), second: keep(second.clone()) });
    }
  }

  override getConfig() {
    const { learningRate, beta1, beta2, epsilon } = this;
    return { learningRate, beta1, beta2, epsilon };
  }
}

export type AdamAttributes = Required<AdamOptions> & {
  /** Counted from 1. */
  readonly step: number;
};

/**
 * Takes n values, n gradients, n first and n second moments, one after the other; gives n new values,
 * n first and n second moments.
 */
const adam: Operation<readonly Tensor[], AdamAttributes> = {
  kernelName: 'FedvoxAdam',
  composed: (inputs, { learningRate, beta1, beta2, epsilon, step }) => {
    const list = Object.values(inputs);
    const [values, gradients, firsts, seconds] = quarters(list, list.length / 4);
    const next = values!.map((value, index) => {
      const gradient = gradients![index]!;
      const first = add(mul(firsts![index]!, beta1), mul(gradient, 1 - beta1));
      const second = add(mul(seconds![index]!, beta2), mul(square(gradient), 1 - beta2));
      const unbiasedFirst = div(first, 1 - beta1 ** step);
      const spread = add(sqrt(div(second, 1 - beta2 ** step)), epsilon);
      return [sub(value, mul(div(unbiasedFirst, spread), learningRate)), first, second] as const;
    });
    return [...next.map((n) => n[0]), ...next.map((n) => n[1]), ...next.map((n) => n[2])];
  },
};

/** All are walked side by side, to the end of the variable. */
function expectOneShape(variable: Variable, others: Record<string, Tensor>): void {
  const { shape } = variable;
  if (Object.values(others).every((tensor) => util.arraysEqual(tensor.shape, shape))) return;
  throw misfit('FusedAdam', { variable, ...others }, 'they are to be of one shape');
}

/** Cuts a list into runs of `length`. */
function quarters<T>(list: readonly T[], length: number): T[][] {
  const starts = Array.from({ length: Math.ceil(list.length / length) }, (_, run) => run * length);
  return starts.map((start) => list.slice(start, start + length));
}
