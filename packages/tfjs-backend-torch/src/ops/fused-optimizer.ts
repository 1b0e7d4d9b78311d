import {
  dispose,
  engine,
  keep,
  type NamedTensorMap,
  Optimizer,
  type Scalar,
  type Tensor,
  util,
  type Variable,
  zerosLike,
} from '@tensorflow/tfjs-core';
import { misfit } from './fit.js';
import { variableGradients } from './variable-gradients.js';

/** tfjs's, which it does not export. */
interface NamedTensor {
  name: string;
  tensor: Tensor;
}

/**
 * An optimizer that steps all variables in one kernel. Its state is kept by variable name, so a variable
 * without a gradient in some step keeps its own.
 */
export abstract class FusedOptimizer extends Optimizer {
  /** Of the steps to come. */
  abstract learningRate: number;
  /** What is kept of each variable, zeros at first; by these names in `getWeights`. */
  protected abstract readonly slots: readonly string[];
  readonly #states = new Map<string, readonly Tensor[]>();

  /**
   * One step, by an operation that writes to nothing it was given.
   * @param inputs n values, n gradients, then n of each slot
   * @returns n values, then n of each slot
   */
  protected abstract step(inputs: readonly Tensor[]): Tensor[];

  /** As `tf.Optimizer` has it, in less memory; see `variableGradients`. */
  override computeGradients(loss: () => Scalar, variables?: Variable[]) {
    return variableGradients(loss, variables);
  }

  /** @throws FedvoxError `torch/misfit` */
  override applyGradients(gradients: NamedTensorMap | NamedTensor[]): void {
    const named = Array.isArray(gradients)
      ? gradients.map(({ name, tensor }) => [name, tensor] as const)
      : Object.entries(gradients);
    const present = named.filter(([, gradient]) => gradient != null);
    this.incrementIterations();
    if (present.length > 0) this.#update(present);
  }

  #update(named: readonly (readonly [string, Tensor])[]): void {
    const variables = named.map(([name]) => engine().registeredVariables[name] as Variable);
    const states = named.map(
      ([name, gradient]) => this.#states.get(name) ?? this.slots.map(() => zerosLike(gradient)),
    );
    named.forEach(([, gradient], index) => {
      this.#expectOneShape(variables[index] as Variable, gradient, states[index] ?? []);
    });
    const bySlot = this.slots.flatMap((_, slot) => states.map((state) => state[slot] as Tensor));
    const gradients = named.map(([, gradient]) => gradient);
    const outputs = this.step([...variables, ...gradients, ...bySlot]);
    named.forEach(([name], index) => {
      const [value, ...state] = [0, ...this.slots.map((_, slot) => slot + 1)].map(
        (part) => outputs[part * named.length + index] as Tensor,
      );
      variables[index]?.assign(value as Tensor);
      dispose([value as Tensor, ...(states[index] ?? [])]);
      this.#states.set(name, state.map(keep));
    });
  }

  /** All are walked side by side, to the end of the variable. */
  #expectOneShape(variable: Variable, gradient: Tensor, state: readonly Tensor[]): void {
    const all = [gradient, ...state];
    if (all.every(({ shape }) => util.arraysEqual(shape, variable.shape))) return;
    const named = Object.fromEntries(this.slots.map((slot, index) => [slot, state[index]]));
    const problem = 'they are to be of one shape';
    throw misfit(this.getClassName(), { variable, gradient, ...named }, problem);
  }

  override dispose(): void {
    super.dispose();
    this.#forget();
  }

  #forget(): void {
    for (const state of this.#states.values()) dispose([...state]);
    this.#states.clear();
  }

  /** The step counter, then `NAME/SLOT` for every variable; the tensors stay the optimizer's. */
  override async getWeights(): Promise<NamedTensor[]> {
    const state = [...this.#states].flatMap(([name, tensors]) =>
      tensors.map((tensor, slot) => ({ name: `${name}/${this.slots[slot]}`, tensor })),
    );
    return [await this.saveIterations(), ...state];
  }

  /** Takes what `getWeights` gave; the tensors are cloned. */
  override async setWeights(weights: NamedTensor[]): Promise<void> {
    const state = await this.extractIterations(weights);
    const tensors = new Map(state.map(({ name, tensor }) => [name, tensor]));
    const names = new Set(state.map(({ name }) => name.slice(0, name.lastIndexOf('/'))));
    this.#forget();
    for (const name of names) {
      const ofName = this.slots.map((slot) =>
        keep((tensors.get(`${name}/${slot}`) as Tensor).clone()),
      );
      this.#states.set(name, ofName);
    }
  }
}

/** Cuts what is listed one kind after the other into its kinds. */
export function runsOf<T>(list: readonly T[], runs: number): T[][] {
  const length = list.length / runs;
  return Array.from({ length: runs }, (_, run) => list.slice(run * length, (run + 1) * length));
}
