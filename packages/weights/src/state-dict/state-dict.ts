import { fail } from '../errors.js';
import { elementCount, type TensorSpec } from '../layout.js';
import type { StorageType } from './storage-type.js';
import { kindOf, PickledDict, PickledTensor, type PickledValue, shown } from './values.js';

/** A tensor of a state dict, and where its values lie: one stretch of a storage, in some order of its axes. */
export interface StateTensor extends TensorSpec {
  readonly type: StorageType;
  readonly storage: string;
  /** How many values the storage has. */
  readonly storageLength: number;
  /** Of the stretch, in values. */
  readonly offset: number;
  readonly strides: readonly number[];
}

/** Under which a checkpoint keeps its state dict beside its optimizer's and other things. */
const NESTED_KEYS = ['state_dict', 'model', 'network', 'model_state_dict'] as const;
const MAX_NAME_LENGTH = 512;

/**
 * The tensors of a state dict: of what was saved itself, or of what it keeps under one of the usual keys.
 * @throws FedvoxError `weights/no-state-dict`, `weights/tensor-unreadable`
 */
export function stateTensors(saved: PickledValue): readonly StateTensor[] {
  return [...stateDictOf(saved)].map(([name, tensor]) => placed(name, tensor));
}

function stateDictOf(saved: PickledValue): ReadonlyMap<string, PickledTensor> {
  const entries = asStateDict(saved);
  if (entries !== undefined) return entries;
  const nested = NESTED_KEYS.flatMap((key) => {
    const value = saved instanceof PickledDict ? saved.entries.get(key) : undefined;
    const tensors = value === undefined ? undefined : asStateDict(value);
    return tensors === undefined ? [] : [{ key, tensors }];
  });
  const [first, ...others] = nested;
  if (first === undefined) throw fail('no-state-dict', { found: contentOf(saved) });
  if (others.length === 0) return first.tensors;
  const keys = nested.map(({ key }) => key).join(' and ');
  throw fail('no-state-dict', { found: `more than one of them, under ${keys}` });
}

/** Undefined where it has no tensors, or anything besides. */
function asStateDict(value: PickledValue): ReadonlyMap<string, PickledTensor> | undefined {
  if (!(value instanceof PickledDict) || value.entries.size === 0) return undefined;
  return [...value.entries].every(isNamedTensor)
    ? (value.entries as ReadonlyMap<string, PickledTensor>)
    : undefined;
}

function isNamedTensor([name, value]: readonly [unknown, PickledValue]): boolean {
  return typeof name === 'string' && value instanceof PickledTensor;
}

/** What a person is told of a file in which no state dict was found. */
function contentOf(saved: PickledValue): string {
  if (!(saved instanceof PickledDict)) return kindOf(saved);
  const stranger = [...saved.entries].find((entry) => !isNamedTensor(entry));
  if (stranger === undefined) return 'an empty dict';
  const [key, value] = stranger;
  const name = typeof key === 'string' ? `'${shown(key)}'` : kindOf(key);
  return `a dict in which ${name} is ${kindOf(value)}`;
}

function placed(name: string, tensor: PickledTensor): StateTensor {
  const { storage, offset, shape, strides } = tensor;
  if (name.length > MAX_NAME_LENGTH || /\p{C}/u.test(name)) {
    throw unreadable(name, 'its name is too long, or no text to print');
  }
  if (!isDense(shape, strides)) {
    throw unreadable(
      name,
      `its strides [${strides}] leave gaps in, or repeat, a size of [${shape}]`,
    );
  }
  if (offset + elementCount(shape) > storage.length) {
    throw unreadable(name, `it reaches behind the ${storage.length} values of its storage`);
  }
  const { type, key, length } = storage;
  return { name, shape, type, storage: key, storageLength: length, offset, strides };
}

export function unreadable(name: string, reason: string) {
  return fail('tensor-unreadable', { tensor: shown(name), reason });
}

/** Whether the values are one stretch without gaps, each once, in whatever order of axes. */
function isDense(shape: readonly number[], strides: readonly number[]): boolean {
  if (shape.includes(0)) return true;
  const axes = shape.map((size, axis) => ({ size, stride: strides[axis] as number }));
  const long = axes.filter(({ size }) => size > 1).sort((a, b) => a.stride - b.stride);
  let expected = 1;
  return long.every(({ size, stride }) => {
    const isNext = stride === expected;
    expected *= size;
    return isNext;
  });
}

/** A stretch's values in row-major order; the same array where they lie so already. */
export function inRowMajorOrder(
  values: Float32Array,
  { shape, strides }: Pick<StateTensor, 'shape' | 'strides'>,
): Float32Array {
  if (isRowMajor(shape, strides)) return values;
  const ordered = new Float32Array(values.length);
  const index = shape.map(() => 0);
  let from = 0;
  for (let to = 0; to < ordered.length; to++) {
    ordered[to] = values[from] as number;
    from += stepTo(index, shape, strides);
  }
  return ordered;
}

/** Brings an index to the next one, its last axis first. @returns how far that is in the stretch */
function stepTo(index: number[], shape: readonly number[], strides: readonly number[]): number {
  let way = 0;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    const [size, stride] = [shape[axis] as number, strides[axis] as number];
    const next = (index[axis] as number) + 1;
    index[axis] = next % size;
    way += stride;
    if (next < size) return way;
    way -= size * stride;
  }
  return way;
}

function isRowMajor(shape: readonly number[], strides: readonly number[]): boolean {
  if (shape.includes(0)) return true;
  return shape.every(
    (size, axis) => size === 1 || strides[axis] === elementCount(shape.slice(axis + 1)),
  );
}
