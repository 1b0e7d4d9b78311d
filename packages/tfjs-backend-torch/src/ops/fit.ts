import type { FedvoxError } from '@fedvox/base';
import type { Tensor } from '@tensorflow/tfjs-core';
import { fail } from '../errors.js';

/** For each tensor the names of its axes, of which equal names are of equal size; `C|1` is C or 1. */
export type Axes = Readonly<Record<string, readonly string[]>>;
type Tensors = Readonly<Record<string, Tensor | undefined>>;

/**
 * Holds tensors to the shapes that an operation takes, on every backend alike: operators of our own would
 * read past the end of a tensor that is too small, and divide by the size of an empty axis.
 * @throws FedvoxError `torch/misfit`
 */
export function expectShapes(operation: string, tensors: Tensors, axes: Axes): void {
  const sizes = new Map<string, number>();
  for (const name in tensors) {
    const tensor = tensors[name];
    if (tensor === undefined || hasAxes(tensor.shape, axes[name] as readonly string[], sizes)) {
      continue;
    }
    const wanted = Object.entries(axes).map(([each, names]) => `${each} [${names}]`);
    throw misfit(operation, tensors, `it takes ${wanted.join(', ')}, no axis of them empty`);
  }
}

/** Learns the sizes of axes on the way. */
function hasAxes(
  shape: readonly number[],
  names: readonly string[],
  sizes: Map<string, number>,
): boolean {
  if (shape.length !== names.length) return false;
  return names.every((name, index) => {
    const size = shape[index] as number;
    if (size === 0) return false;
    const [axis, other] = name.split('|') as [string, string?];
    if (size === Number(other)) return true;
    const known = sizes.get(axis);
    sizes.set(axis, size);
    return known === undefined || known === size;
  });
}

/** The error of an operation whose tensors or settings do not fit. */
export function misfit(operation: string, tensors: Tensors, problem: string): FedvoxError {
  const given = Object.entries(tensors).flatMap(([name, tensor]) =>
    tensor === undefined ? [] : `${name} [${tensor.shape}]`,
  );
  return fail('misfit', { operation, given: given.join(', '), problem });
}
