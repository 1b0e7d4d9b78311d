import { fail } from '../errors.js';
import { isContainer, PickledDict, PickledList, type PickledValue, shown } from './values.js';

/** The values that a pickle's operations work on, those above a mark by themselves, and those it remembers. */
export class PickleStack {
  readonly #values: PickledValue[] = [];
  /** How many values lay below each mark. */
  readonly #marks: number[] = [];
  readonly #memo = new Map<number, PickledValue>();

  push(value: PickledValue): void {
    this.#values.push(value);
  }

  pop(): PickledValue {
    this.#checkDepth(1);
    return this.#values.pop() as PickledValue;
  }

  top(): PickledValue {
    this.#checkDepth(1);
    return this.#values.at(-1) as PickledValue;
  }

  /** The uppermost, in the order in which they were pushed. */
  popSome(count: number): PickledValue[] {
    this.#checkDepth(count);
    return this.#values.splice(this.#values.length - count);
  }

  mark(): void {
    this.#marks.push(this.#values.length);
  }

  /** All above the last mark, which is gone then. */
  popToMark(): PickledValue[] {
    const depth = this.#marks.pop();
    if (depth === undefined) throw damaged('it goes back to a mark that is not there');
    return this.#values.splice(depth);
  }

  memoize(index = this.#memo.size): void {
    this.#memo.set(index, this.top());
  }

  recall(index: number): void {
    const value = this.#memo.get(index);
    if (value === undefined) throw damaged(`it recalls value ${index}, which it has not kept`);
    this.push(value);
  }

  /** The one value that is left at the end. */
  result(): PickledValue {
    const value = this.pop();
    if (this.#values.length > 0 || this.#marks.length > 0) {
      throw damaged('it ends with more than one value');
    }
    return value;
  }

  #checkDepth(count: number): void {
    if (this.#values.length - count < (this.#marks.at(-1) ?? 0)) {
      throw damaged('it takes a value that is not there');
    }
  }
}

/** What a container is to be filled with is whole from now on. @returns the list on top, that may be filled */
export function listToFill(stack: PickleStack, items: readonly PickledValue[]): PickledList {
  return fillable(stack.top(), items, PickledList);
}

export function dictToFill(stack: PickleStack, items: readonly PickledValue[]): PickledDict {
  return fillable(stack.top(), items, PickledDict);
}

function fillable<Type extends PickledList | PickledDict>(
  target: PickledValue,
  items: readonly PickledValue[],
  type: new () => Type,
): Type {
  if (!(target instanceof type)) throw damaged('it fills what is no list or dict');
  hold(items);
  if (target.isHeld) throw fail('pickle-not-plain', { found: 'a container that holds itself' });
  return target;
}

/** Says of values that something holds them. */
export function hold(items: readonly PickledValue[]): void {
  for (const item of items) if (isContainer(item)) item.isHeld = true;
}

export function damaged(reason: string) {
  return fail('pickle-damaged', { reason });
}

export function notPlain(found: string) {
  return fail('pickle-not-plain', { found: shown(found) });
}
