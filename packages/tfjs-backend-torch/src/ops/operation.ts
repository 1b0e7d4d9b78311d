import {
  engine,
  getBackend,
  getGradient,
  getKernel,
  type NamedAttrMap,
  type NamedTensorMap,
  registerGradient,
  registerKernel,
  type Tensor,
  tidy,
} from '@tensorflow/tfjs-core';

/**
 * An operation that tfjs lacks. To tfjs it is one more kernel: the torch backend brings its own under
 * the same name, every other backend gets `composed`, and both share one gradient.
 */
export interface Operation<Inputs extends object, Attributes extends object> {
  readonly kernelName: string;
  /** The same in terms of tfjs's own operations; temporaries are disposed for it. */
  composed(inputs: Inputs, attributes: Attributes): Tensor | Tensor[];
  readonly gradient?: Gradient<Attributes>;
}

export interface Gradient<Attributes extends object> {
  /** Names of inputs, which must not be optional. */
  readonly inputsToSave?: string[];
  /** Of several outputs, which to save. */
  readonly outputsToSave?: boolean[];
  /**
   * One entry for each input, run only when that input's gradient is wanted. `dy` belongs to the
   * first output; `saved` holds the saved inputs, then the saved outputs.
   */
  of(dy: Tensor, saved: Tensor[], attributes: Attributes): Record<string, () => Tensor>;
}

/** Runs the operation on tfjs's current backend; inputs that are undefined are left out. */
export function runAll<Inputs extends object, Attributes extends object>(
  operation: Operation<Inputs, Attributes>,
  inputs: Inputs,
  attributes: Attributes,
): Tensor[] {
  register(operation);
  const given = Object.entries(inputs).filter(([, input]) => input !== undefined);
  const result: Tensor | Tensor[] = engine().runKernel(
    operation.kernelName,
    Object.fromEntries(given) as NamedTensorMap,
    attributes as NamedAttrMap,
  );
  return Array.isArray(result) ? result : [result];
}

/**
 * Runs the operation and returns its first output. The others serve only its gradient, for which
 * tfjs has saved them by now.
 */
export function run<T extends Tensor, Inputs extends object, Attributes extends object>(
  operation: Operation<Inputs, Attributes>,
  inputs: Inputs,
  attributes: Attributes,
): T {
  const [first, ...others] = runAll(operation, inputs, attributes);
  for (const output of others) output.dispose();
  return first as T;
}

function register<Inputs extends object, Attributes extends object>({
  kernelName,
  composed,
  gradient,
}: Operation<Inputs, Attributes>): void {
  const backendName = getBackend();
  if (getKernel(kernelName, backendName) == null) {
    registerKernel({
      kernelName,
      backendName,
      kernelFunc: ({ inputs, attrs }) =>
        tidy(() => composed(inputs as Inputs, attrs as Attributes)),
    });
  }
  if (gradient !== undefined && getGradient(kernelName) == null) {
    const { of, inputsToSave = [], outputsToSave = [] } = gradient;
    registerGradient({
      kernelName,
      inputsToSave,
      outputsToSave,
      gradFunc: (dy, saved, attrs) =>
        of((Array.isArray(dy) ? dy[0] : dy) as Tensor, saved, attrs as Attributes),
    });
  }
}
