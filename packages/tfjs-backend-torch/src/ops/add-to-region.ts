import { assert } from '@fedvox/base';
import { add, pad, type Tensor } from '@tensorflow/tfjs-core';
import { type Operation, run } from './operation.js';

/**
 * Sums with a patch added to the part of them that begins at `begin`. It uses the sums up: they are
 * disposed of, and on the torch backend the result is their memory, so that adding a small patch to
 * large sums takes no longer than the patch.
 * @param patch of the sums' rank; it fits inside from `begin` on
 */
export function addToRegion<T extends Tensor>(sums: T, patch: T, begin: readonly number[]): T {
  const isInside = begin.every((first, axis) => {
    const end = first + (patch.shape[axis] as number);
    return first >= 0 && end <= (sums.shape[axis] as number);
  });
  assert(isInside && begin.length === sums.rank, 'a patch lies inside the sums');
  const after: T = run(regionSum, { sums, patch }, { begin });
  sums.dispose();
  return after;
}

export interface RegionAttributes {
  readonly begin: readonly number[];
}

const regionSum: Operation<{ sums: Tensor; patch: Tensor }, RegionAttributes> = {
  kernelName: 'FedvoxAddToRegion',
  composed: ({ sums, patch }, { begin }) => {
    const around = begin.map((first, axis): [number, number] => {
      const [whole, part] = [sums.shape[axis] as number, patch.shape[axis] as number];
      return [first, whole - first - part];
    });
    return add(sums, pad(patch, around));
  },
};
