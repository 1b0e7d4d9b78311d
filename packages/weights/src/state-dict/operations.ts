import type { PickleCursor } from './pickle-cursor.js';
import {
  damaged,
  dictToFill,
  hold,
  listToFill,
  notPlain,
  type PickleStack,
} from './pickle-stack.js';
import { called, checkAttributes, globalNamed, storageOf } from './torch-objects.js';
import {
  kindOf,
  PickledDict,
  PickledFloat,
  type PickledKey,
  PickledList,
  PickledTuple,
  type PickledValue,
} from './values.js';

const [OLDEST_PROTOCOL, NEWEST_PROTOCOL] = [2, 5];

type Operation = (stack: PickleStack, cursor: PickleCursor) => void;

/** Python's `pickletools` says what each does. What is not here is refused by its name. */
export const OPERATIONS: ReadonlyMap<number, Operation> = new Map<number, Operation>([
  [0x80, (_, cursor) => checkProtocol(cursor.uint8())],
  [0x95, (_, cursor) => checkFrame(cursor.uint64(), cursor.left)],
  [0x28, (stack) => stack.mark()],
  [0x4e, (stack) => stack.push(null)],
  [0x88, (stack) => stack.push(true)],
  [0x89, (stack) => stack.push(false)],
  [0x4a, (stack, cursor) => stack.push(cursor.int32())],
  [0x4b, (stack, cursor) => stack.push(cursor.uint8())],
  [0x4d, (stack, cursor) => stack.push(cursor.uint16())],
  [0x8a, (stack, cursor) => stack.push(whole(cursor.integer(cursor.uint8())))],
  [0x47, (stack, cursor) => stack.push(new PickledFloat(cursor.float64()))],
  [0x58, (stack, cursor) => stack.push(cursor.string(cursor.uint32()))],
  [0x8c, (stack, cursor) => stack.push(cursor.string(cursor.uint8()))],
  [0x8d, (stack, cursor) => stack.push(cursor.string(cursor.uint64()))],
  [0x5d, (stack) => stack.push(new PickledList())],
  [0x61, (stack) => append(stack, [stack.pop()])],
  [0x65, (stack) => append(stack, stack.popToMark())],
  [0x29, (stack) => pushTuple(stack, [])],
  [0x85, (stack) => pushTuple(stack, stack.popSome(1))],
  [0x86, (stack) => pushTuple(stack, stack.popSome(2))],
  [0x87, (stack) => pushTuple(stack, stack.popSome(3))],
  [0x74, (stack) => pushTuple(stack, stack.popToMark())],
  [0x7d, (stack) => stack.push(new PickledDict())],
  [0x73, (stack) => setItems(stack, stack.popSome(2))],
  [0x75, (stack) => setItems(stack, stack.popToMark())],
  [0x68, (stack, cursor) => stack.recall(cursor.uint8())],
  [0x6a, (stack, cursor) => stack.recall(cursor.uint32())],
  [0x71, (stack, cursor) => stack.memoize(cursor.uint8())],
  [0x72, (stack, cursor) => stack.memoize(cursor.uint32())],
  [0x94, (stack) => stack.memoize()],
  [0x63, (stack, cursor) => stack.push(globalNamed(cursor.line(), cursor.line()))],
  [0x93, pushNamed],
  [0x52, (stack) => pushCalled(stack)],
  [0x62, (stack) => setAttributes(stack)],
  [0x51, (stack) => stack.push(storageOf(stack.pop()))],
]);

function checkProtocol(protocol: number): void {
  if (protocol < OLDEST_PROTOCOL || protocol > NEWEST_PROTOCOL) {
    throw damaged(`it is of protocol ${protocol}`);
  }
}

function checkFrame(length: number, left: number): void {
  if (length > left) throw damaged('a frame of it reaches behind its end');
}

function whole(value: bigint): number | bigint {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}

function append(stack: PickleStack, items: readonly PickledValue[]): void {
  const { items: present } = listToFill(stack, items);
  for (const item of items) present.push(item);
}

function pushTuple(stack: PickleStack, items: readonly PickledValue[]): void {
  hold(items);
  stack.push(new PickledTuple(items));
}

/** @param items each key followed by its value */
function setItems(stack: PickleStack, items: readonly PickledValue[]): void {
  const { entries } = dictToFill(stack, items);
  if (items.length % 2 === 1) throw damaged('an entry of a dict has no value');
  for (let at = 0; at < items.length; at += 2) {
    entries.set(keyOf(items[at] as PickledValue), items[at + 1] as PickledValue);
  }
}

function keyOf(value: PickledValue): PickledKey {
  const isPlain = value === null || typeof value !== 'object' || value instanceof PickledFloat;
  if (!isPlain) throw notPlain(`a dict whose key is ${kindOf(value)}`);
  return value;
}

function pushNamed(stack: PickleStack): void {
  const [module, name] = stack.popSome(2);
  if (typeof module !== 'string' || typeof name !== 'string') {
    throw damaged('it names an object by what is no text');
  }
  stack.push(globalNamed(module, name));
}

function pushCalled(stack: PickleStack): void {
  const [callable, values] = stack.popSome(2) as [PickledValue, PickledValue];
  stack.push(called(callable, values));
}

function setAttributes(stack: PickleStack): void {
  const attributes = stack.pop();
  checkAttributes(stack.top(), attributes);
}
