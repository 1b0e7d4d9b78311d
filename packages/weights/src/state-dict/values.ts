import type { StorageType } from './storage-type.js';

/**
 * What a pickle may hold here. Python's whole numbers are numbers where they are exact and bigints beyond;
 * its floats, which must not pass for sizes, have a class of their own.
 */
export type PickledValue = PickledKey | PickledList | PickledTuple | PickledDict | PickledObject;
/** What may name an entry of a dict. */
export type PickledKey = null | boolean | number | bigint | string | PickledFloat;
type PickledObject = PickledGlobal | PickledStorage | PickledTensor;

export class PickledFloat {
  constructor(readonly value: number) {}
}

export class PickledTuple {
  constructor(readonly items: readonly PickledValue[]) {}
}

/**
 * What is filled after it is made. Once something else holds it, it is whole: so nothing can come to hold
 * itself, and whoever walks through it comes to an end.
 */
abstract class Container {
  isHeld = false;
}

export class PickledList extends Container {
  readonly items: PickledValue[] = [];
}

/** A dict, or an OrderedDict: both keep the order of their entries. */
export class PickledDict extends Container {
  readonly entries = new Map<PickledKey, PickledValue>();
}

/** Something by its name in a module, of those few that are known; nothing is ever imported. */
export class PickledGlobal {
  constructor(
    readonly module: string,
    readonly name: string,
  ) {}
}

/** Values that lie in a file of the archive. */
export class PickledStorage {
  constructor(
    readonly type: StorageType,
    readonly key: string,
    /** How many values it says it has. */
    readonly length: number,
  ) {}
}

/** A view of a storage; nothing of it has been held against the storage yet. */
export class PickledTensor {
  constructor(
    readonly storage: PickledStorage,
    /** In values, as strides are. */
    readonly offset: number,
    readonly shape: readonly number[],
    readonly strides: readonly number[],
  ) {}
}

export function isContainer(value: PickledValue): value is PickledList | PickledDict {
  return value instanceof Container;
}

/** What a value is, in Python's words. */
export function kindOf(value: PickledValue): string {
  if (value === null) return 'None';
  if (value instanceof PickledGlobal) return `${value.module}.${value.name}`;
  const found = KINDS.find(([type]) => value instanceof type);
  if (found !== undefined) return found[1];
  if (typeof value === 'boolean') return 'a bool';
  return typeof value === 'string' ? 'a str' : 'an int';
}

const KINDS = [
  [PickledFloat, 'a float'],
  [PickledTuple, 'a tuple'],
  [PickledList, 'a list'],
  [PickledDict, 'a dict'],
  [PickledStorage, 'a storage'],
  [PickledTensor, 'a tensor'],
] as const;

/** What of a stranger's text a message has room for. */
const MAX_SHOWN = 80;

/** A stranger's text for a message: short, on one line, and without what a terminal would obey. */
export function shown(text: string): string {
  const start = text.slice(0, MAX_SHOWN).replace(/[\p{C}\p{Zl}\p{Zp}]/gu, '\ufffd');
  return text.length > MAX_SHOWN ? `${start}…` : start;
}
