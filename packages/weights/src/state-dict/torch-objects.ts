import { damaged, notPlain } from './pickle-stack.js';
import { STORAGE_TYPES } from './storage-type.js';
import {
  PickledDict,
  PickledGlobal,
  PickledStorage,
  PickledTensor,
  PickledTuple,
  type PickledValue,
} from './values.js';

/** A kernel of a network has five. */
const MAX_DIMENSIONS = 16;

/** The only functions that a pickle may call, by module and name: written out here, never looked up. */
const CALLS: ReadonlyMap<string, (values: readonly PickledValue[]) => PickledValue> = new Map([
  ['collections OrderedDict', emptyDict],
  ['torch._utils _rebuild_tensor_v2', rebuiltTensor],
  ['torch._utils _rebuild_parameter', rebuiltParameter],
]);

/** @throws FedvoxError `weights/pickle-not-plain` but for the functions above and the types of storages */
export function globalNamed(module: string, name: string): PickledGlobal {
  const isStorageType = module === 'torch' && STORAGE_TYPES.has(name);
  if (!isStorageType && !CALLS.has(`${module} ${name}`)) {
    throw notPlain(`the object ${module}.${name}`);
  }
  return new PickledGlobal(module, name);
}

/** @throws FedvoxError `weights/pickle-not-plain`, `weights/pickle-damaged` */
export function called(callable: PickledValue, values: PickledValue): PickledValue {
  if (!(callable instanceof PickledGlobal) || !(values instanceof PickledTuple)) {
    throw damaged('it calls what is no function');
  }
  const call = CALLS.get(`${callable.module} ${callable.name}`);
  if (call === undefined) throw notPlain(`a call of ${callable.module}.${callable.name}`);
  return call(values.items);
}

/** What a state dict's OrderedDict has besides its entries: versions of modules, which name no values. */
const STATE_DICT_ATTRIBUTES = '_metadata';

/** @throws FedvoxError `weights/pickle-not-plain` where attributes are set of anything else */
export function checkAttributes(target: PickledValue, attributes: PickledValue): void {
  const isStateDict =
    target instanceof PickledDict &&
    attributes instanceof PickledDict &&
    [...attributes.entries.keys()].every((key) => key === STATE_DICT_ATTRIBUTES);
  if (!isStateDict) throw notPlain('an object with attributes of its own (BUILD)');
}

/** @throws FedvoxError `weights/pickle-not-plain` where a persistent id is not that of a storage */
export function storageOf(id: PickledValue): PickledStorage {
  const [word, type, key, , length] = id instanceof PickledTuple ? id.items : [];
  const storage = type instanceof PickledGlobal ? STORAGE_TYPES.get(type.name) : undefined;
  const isStorage = word === 'storage' && typeof key === 'string' && isCount(length);
  if (!isStorage || storage === undefined) throw notPlain('a persistent id that is no storage');
  return new PickledStorage(storage, key, length);
}

function emptyDict(values: readonly PickledValue[]): PickledValue {
  if (values.length > 0) throw damaged('an OrderedDict is made of something');
  return new PickledDict();
}

/** PyTorch's arguments: storage, offset, size, stride, requires_grad, backward_hooks, and seldom metadata. */
function rebuiltTensor(values: readonly PickledValue[]): PickledValue {
  const [storage, offset, size, stride, requiresGrad, hooks, metadata = null] = values;
  const [shape, strides] = [countsOf(size), countsOf(stride)];
  const isTensor =
    (values.length === 6 || values.length === 7) &&
    typeof requiresGrad === 'boolean' &&
    isCount(offset) &&
    shape.length === strides.length;
  if (!isTensor || !(storage instanceof PickledStorage)) throw damaged('a tensor has no such form');
  if (!isNothing(hooks)) throw notPlain('a tensor with hooks');
  if (!isNothing(metadata)) throw notPlain('a tensor whose values are yet to be changed');
  return new PickledTensor(storage, offset, shape, strides);
}

/** PyTorch's arguments: data, requires_grad, backward_hooks. */
function rebuiltParameter(values: readonly PickledValue[]): PickledValue {
  const [data, requiresGrad, hooks] = values;
  const isParameter = values.length === 3 && typeof requiresGrad === 'boolean';
  if (!isParameter || !(data instanceof PickledTensor)) throw damaged('a parameter is no tensor');
  if (!isNothing(hooks)) throw notPlain('a parameter with hooks');
  return data;
}

function isNothing(value: PickledValue | undefined): boolean {
  return value === null || (value instanceof PickledDict && value.entries.size === 0);
}

function countsOf(value: PickledValue | undefined): number[] {
  const items = value instanceof PickledTuple ? value.items : [undefined];
  if (items.length > MAX_DIMENSIONS) throw damaged(`a tensor has ${items.length} dimensions`);
  return items.map((item) => {
    if (!isCount(item)) throw damaged('a tensor has no valid sizes and strides');
    return item;
  });
}

function isCount(value: PickledValue | undefined): value is number {
  return typeof value === 'number' && value >= 0;
}
