import { assert } from '@fedvox/base';
import {
  type BackendValues,
  type DataId,
  DataStorage,
  type DataType,
  engine,
  KernelBackend,
  type TensorInfo,
} from '@tensorflow/tfjs-core';
import { fail } from './errors.js';
import { explained } from './explained.js';
import { type Handle, type NativeTorch, ScalarType } from './native.js';
import { Torch } from './torch.js';

/** What `tf.memory()` says beside tfjs's own count. */
export interface TorchMemory {
  readonly unreliable: false;
  /** Bytes that live tensors hold; views of one storage count once. */
  readonly liveBytes: number;
  readonly liveTensors: number;
  /** The most bytes in use at once so far, operators' temporaries included. */
  readonly peakBytes: number;
}

/** What a tfjs data id stands for: a native tensor of exactly its shape, or strings, which stay in JavaScript. */
type Stored = (
  | { readonly kind: 'tensor'; readonly handle: Handle }
  | { readonly kind: 'strings'; readonly values: readonly Uint8Array[] }
) & { references: number };

/** tfjs's name for the backend. */
export const BACKEND_NAME = 'torch';

/**
 * What convolutions and matrix products are computed in. With bfloat16 their results, and what is made
 * of these element by element, are stored in bfloat16 behind tfjs's float32; reductions, losses and
 * weights with their gradients stay float32.
 */
export type Precision = 'float32' | 'bfloat16';

/** tfjs's KernelBackend on libtorch: it owns the tensors, `kernels/` says what to do with them. */
export class TorchBackend extends KernelBackend {
  private readonly storage: DataStorage<Stored>;
  private readonly operators = new Map<string, number>();
  /** The safety net: a data id that is collected without disposal still gives its memory back. */
  private readonly lost = new FinalizationRegistry<Handle>((handle) => this.native.release(handle));

  constructor(
    readonly native: NativeTorch,
    /** `cpu` or `cuda:n`. */
    readonly device: string,
    /** May be changed between kernels: tensors of both kinds mix. */
    public precision: Precision = 'float32',
  ) {
    super();
    this.storage = new DataStorage(this, engine());
  }

  /** Opens ATen for one kernel; the caller closes it. */
  open(): Torch {
    const computeType = ScalarType[this.precision];
    return new Torch(this.native, this.device, computeType, this.operators);
  }

  handleOf(dataId: DataId): Handle {
    const stored = this.storage.get(dataId);
    assert(stored.kind === 'tensor', 'only numeric tensors reach libtorch');
    return stored.handle;
  }

  /** Takes ownership of a native tensor and describes it to tfjs. */
  adopt(handle: Handle): TensorInfo {
    const dataId = {};
    this.hold(dataId, handle, 1);
    return {
      dataId,
      shape: this.native.shape(handle),
      dtype: dtypeOf(this.native.scalarType(handle)),
    };
  }

  override write(values: BackendValues | null, shape: number[], dtype: DataType): DataId {
    const dataId = {};
    this.store(dataId, values, shape, dtype, 1);
    return dataId;
  }

  override move(
    dataId: DataId,
    values: BackendValues,
    shape: number[],
    dtype: DataType,
    references: number,
  ): void {
    this.store(dataId, values, shape, dtype, references);
  }

  override readSync(dataId: DataId): BackendValues {
    const stored = this.storage.get(dataId);
    // Not spread: a string buffer's elements that were never set are holes, and stay holes.
    if (stored.kind === 'strings') return stored.values.slice();
    try {
      return this.native.toTypedArray(stored.handle);
    } catch (error) {
      throw explained(error, 'the values', `[${this.native.shape(stored.handle)}]`);
    }
  }

  override async read(dataId: DataId): Promise<BackendValues> {
    return this.readSync(dataId);
  }

  override refCount(dataId: DataId): number {
    return this.storage.has(dataId) ? this.storage.get(dataId).references : 0;
  }

  override incRef(dataId: DataId): void {
    this.storage.get(dataId).references++;
  }

  /** Drops one reference (all of them with `force`); the memory goes with the last. */
  override disposeData(dataId: DataId, force = false): boolean {
    if (!this.storage.has(dataId)) return true;
    const stored = this.storage.get(dataId);
    stored.references--;
    if (!force && stored.references > 0) return false;
    if (stored.kind === 'tensor') {
      this.lost.unregister(dataId);
      this.native.release(stored.handle);
    }
    this.storage.delete(dataId);
    return true;
  }

  override numDataIds(): number {
    return this.storage.numDataIds();
  }

  override memory(): TorchMemory {
    return {
      unreliable: false,
      liveBytes: this.native.liveBytes(),
      liveTensors: this.native.liveTensors(),
      peakBytes: this.native.peakBytes(),
    };
  }

  override async time(run: () => void): Promise<{ kernelMs: number }> {
    const start = process.hrtime.bigint();
    run();
    return { kernelMs: Number(process.hrtime.bigint() - start) / 1e6 };
  }

  override floatPrecision(): 32 {
    return 32;
  }

  /** tfjs forgets the backend; tensors still held are given back as they are collected. */
  override dispose(): void {
    this.operators.clear();
  }

  private store(
    dataId: DataId,
    values: BackendValues | null,
    shape: number[],
    dtype: DataType,
    references: number,
  ): void {
    if (dtype === 'string') {
      const strings = (values ?? []) as Uint8Array[];
      this.storage.set(dataId, { kind: 'strings', values: strings, references });
      return;
    }
    const typed = typedValues(values, shape, dtype);
    try {
      const handle = this.native.fromTypedArray(typed, shape, scalarTypeOf(dtype), this.device);
      this.hold(dataId, handle, references);
    } catch (error) {
      throw explained(error, 'a tensor', `[${shape}]`);
    }
  }

  private hold(dataId: DataId, handle: Handle, references: number): void {
    this.storage.set(dataId, { kind: 'tensor', handle, references });
    this.lost.register(dataId, handle, dataId);
  }
}

export function scalarTypeOf(dtype: DataType): ScalarType {
  if (dtype === 'string') throw fail('unsupported-dtype', { dtype });
  return ScalarType[dtype];
}

/** bfloat16 is a way to store what tfjs knows as float32 (see the autocast policy). */
export function dtypeOf(scalarType: ScalarType): DataType {
  switch (scalarType) {
    case ScalarType.float32:
    case ScalarType.bfloat16:
      return 'float32';
    case ScalarType.int32:
      return 'int32';
    case ScalarType.bool:
      return 'bool';
    case ScalarType.complex64:
      return 'complex64';
    default:
      throw fail('unsupported-dtype', { dtype: `ScalarType ${scalarType}` });
  }
}

const HOST_ARRAYS = {
  float32: Float32Array,
  complex64: Float32Array,
  int32: Int32Array,
  bool: Uint8Array,
};

function typedValues(
  values: BackendValues | null,
  shape: readonly number[],
  dtype: Exclude<DataType, 'string'>,
): Float32Array | Int32Array | Uint8Array {
  const HostArray = HOST_ARRAYS[dtype];
  if (values instanceof HostArray) return values;
  if (values !== null) return HostArray.from(values as ArrayLike<number>);
  const size = shape.reduce((product, length) => product * length, 1);
  return new HostArray(dtype === 'complex64' ? 2 * size : size);
}
