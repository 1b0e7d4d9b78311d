import { fail } from '../errors.js';
import type { NamedLabel } from './class-names.js';

/** Numbers that an error about a label file lists. */
const MAX_NAMED = 5;

/**
 * Asserts that a label file declares each number once, and uses none that it does not declare: nobody can
 * say what such voxels are.
 * @param used numbers that something was drawn with
 * @throws FedvoxError `label-declared-twice`, `label-undeclared`
 */
export function checkDeclared(
  path: string,
  declared: readonly NamedLabel[],
  used: Iterable<number>,
): void {
  const numbers = declared.map(({ value }) => value);
  const twice = numbers.filter((number, at) => numbers.indexOf(number) !== at);
  if (twice.length > 0) throw fail('label-declared-twice', { path, numbers: listed(twice) });
  const undeclared = [...new Set(used)].filter((number) => !numbers.includes(number));
  if (undeclared.length > 0) throw fail('label-undeclared', { path, numbers: listed(undeclared) });
}

function listed(numbers: readonly number[]): string {
  return [...new Set(numbers)].slice(0, MAX_NAMED).join(', ');
}
