import { fail } from '../errors.js';
import { OPERATIONS } from './operations.js';
import { PickleCursor } from './pickle-cursor.js';
import { damaged, notPlain, PickleStack } from './pickle-stack.js';
import { REFUSED_OPERATIONS } from './refused-operations.js';
import type { PickledValue } from './values.js';

/** Some 250 bytes and 45 operations say where a tensor lies: enough for ten thousand and what an optimizer keeps. */
export const MAX_PICKLE_BYTES = 16 * 1024 * 1024;
export const MAX_OPERATIONS = 1 << 20;
const STOP = 0x2e;

/**
 * The value that a pickle holds, of plain values and the tensors that torch.save writes. No code is looked
 * up or run: operations and names that are not of these are refused. Time and memory are bounded by the
 * bytes and the number of operations.
 * @throws FedvoxError `weights/pickle-damaged`, `weights/pickle-not-plain`
 */
export function unpickle(bytes: Uint8Array): PickledValue {
  if (bytes.length > MAX_PICKLE_BYTES) throw tooLarge(`${bytes.length} bytes`);
  const [stack, cursor] = [new PickleStack(), new PickleCursor(bytes)];
  for (let done = 0; done < MAX_OPERATIONS; done++) {
    const code = cursor.uint8();
    if (code === STOP) return ended(stack, cursor);
    const operation = OPERATIONS.get(code);
    if (operation === undefined) throw refused(code);
    operation(stack, cursor);
  }
  throw tooLarge(`more than ${MAX_OPERATIONS} operations`);
}

function ended(stack: PickleStack, cursor: PickleCursor): PickledValue {
  if (cursor.left > 0) throw damaged(`it has ${cursor.left} bytes behind its end`);
  return stack.result();
}

function refused(code: number) {
  const name = REFUSED_OPERATIONS.get(code);
  if (name !== undefined) return notPlain(`the operation ${name}`);
  return damaged(`it has an operation 0x${code.toString(16).padStart(2, '0')}, which there is not`);
}

function tooLarge(size: string) {
  return fail('pickle-damaged', { reason: `it has ${size}, too many for a state dict` });
}
