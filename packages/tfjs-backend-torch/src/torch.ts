import { assert } from '@fedvox/base';
import { type Argument, type Handle, type NativeTorch, type Result, ScalarType } from './native.js';

/**
 * ATen for the length of one kernel. Every tensor it makes is a temporary and is released by
 * `close()`, also when an operator throws, except those the kernel hands out through `keep`.
 */
export class Torch {
  private readonly temporaries = new Set<Handle>();

  constructor(
    readonly native: NativeTorch,
    /** libtorch's name of where new tensors go: `cpu`, `cuda:0`. */
    readonly device: string,
    /** What convolutions and matrix products are computed in; see `Precision`. */
    readonly computeType: ScalarType,
    private readonly operators: Map<string, number>,
  ) {}

  /** Runs an operator of one tensor result, e.g. `run('add.Tensor', a, b)`; ATen's unless it says whose. */
  run(operator: string, ...args: readonly Argument[]): Handle {
    const result = this.call(operator, args);
    assert(typeof result === 'number', `${operator} returns one tensor`);
    return this.track(result as Handle);
  }

  /** Runs an operator of several tensor results (or one tensor list); undefined ones are null. */
  runMany(operator: string, ...args: readonly Argument[]): (Handle | null)[] {
    const results = this.call(operator, args);
    assert(Array.isArray(results), `${operator} returns several tensors`);
    for (const result of results as (Handle | null)[]) if (result !== null) this.track(result);
    return results as (Handle | null)[];
  }

  /** Runs a part of the kernel, of whose temporaries only the results are left when it ends. */
  within(body: (t: Torch) => readonly Handle[]): Handle[] {
    const part = new Torch(this.native, this.device, this.computeType, this.operators);
    try {
      return body(part).map((result) => this.track(part.keep(result)));
    } finally {
      part.close();
    }
  }

  /** Runs an operator that only writes to its arguments. */
  mutate(operator: string, ...args: readonly Argument[]): void {
    this.call(operator, args);
  }

  /** The value of a tensor that holds one; on a GPU this waits for it. */
  item(tensor: Handle): number {
    return this.call('_local_scalar_dense', [tensor]) as number;
  }

  fromValues(
    values: Float32Array | Int32Array | Uint8Array,
    shape: readonly number[],
    scalarType: ScalarType,
  ): Handle {
    return this.track(this.native.fromTypedArray(values, shape, scalarType, this.device));
  }

  /** As `fromValues`, but on the processor the array's own memory: what is written there is written to it. */
  onValues(values: Float32Array | Uint8Array, shape: readonly number[], type: ScalarType): Handle {
    if (this.device !== 'cpu') return this.fromValues(values, shape, type);
    return this.track(this.native.borrowTypedArray(values, shape, type));
  }

  /** The array's own memory on the processor, whatever the device: for operators that run there alone. */
  onHost(values: Float32Array | Int32Array, shape: readonly number[], type: ScalarType): Handle {
    return this.track(this.native.borrowTypedArray(values, shape, type));
  }

  full(shape: readonly number[], value: number | boolean, scalarType: ScalarType): Handle {
    return this.run('full', shape, value, scalarType, null, this.device);
  }

  cast(tensor: Handle, scalarType: ScalarType): Handle {
    if (this.scalarType(tensor) === scalarType) return tensor;
    return this.run('_to_copy', tensor, scalarType);
  }

  /** A float tensor in the type to compute in; any other as it is. */
  lowered(tensor: Handle): Handle {
    return isFloat(this.scalarType(tensor)) ? this.cast(tensor, this.computeType) : tensor;
  }

  /** A float tensor as float32, which gradients of weights always are; any other as it is. */
  full32(tensor: Handle): Handle {
    return isFloat(this.scalarType(tensor)) ? this.cast(tensor, ScalarType.float32) : tensor;
  }

  shape(tensor: Handle): number[] {
    return this.native.shape(tensor);
  }

  scalarType(tensor: Handle): ScalarType {
    return this.native.scalarType(tensor);
  }

  /** A handle that outlives the kernel; of a tensor that is not a temporary, a second one. */
  keep(tensor: Handle): Handle {
    if (this.temporaries.delete(tensor)) return tensor;
    return this.call('alias', [tensor]) as Handle;
  }

  close(): void {
    for (const tensor of this.temporaries) this.native.release(tensor);
    this.temporaries.clear();
  }

  private call(operator: string, args: readonly Argument[]): Result | readonly Result[] {
    let id = this.operators.get(operator);
    if (id === undefined) {
      id = this.native.resolveOperator(operator.includes('::') ? operator : `aten::${operator}`);
      this.operators.set(operator, id);
    }
    return this.native.runOperator(id, ...args);
  }

  private track(tensor: Handle): Handle {
    this.temporaries.add(tensor);
    return tensor;
  }
}

function isFloat(type: ScalarType): boolean {
  return type === ScalarType.float32 || type === ScalarType.bfloat16;
}

/** Opens ATen for one kernel, which closes it. */
export type OpenTorch = () => Torch;
