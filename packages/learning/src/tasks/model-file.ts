import { readFile } from 'node:fs/promises';
import { errorText, type Sha256 } from '@fedvox/base';
import { decodeWeights, tensorOf, type Weights, writeWeightsFile } from '@fedvox/weights';
import { fail } from '../errors.js';

/** What a written weights file is known by. */
export interface WrittenWeights {
  readonly sha256: Sha256;
  readonly byteLength: number;
}

/** @throws FedvoxError `learning/model-unreadable` */
export async function readModel(path: string): Promise<Weights> {
  try {
    return decodeWeights(await readFile(path));
  } catch (cause) {
    throw fail('model-unreadable', { path, reason: errorText(cause) }, { cause });
  }
}

/** Writes whole weights durably, under their names in order. */
export function writeModel(path: string, weights: Weights): Promise<WrittenWeights> {
  const specs = [...weights].map(([name, { shape }]) => ({ name, shape }));
  return writeWeightsFile(path, specs, async (name) => tensorOf(weights, name).data);
}

/**
 * What training changed, local − base, in float32.
 * @throws FedvoxError `learning/weights-not-finite`: such an update would poison every other site's
 */
export function deltaOf(local: Weights, base: Weights): Weights {
  return new Map(
    [...local].map(([name, { shape, data }]) => {
      const before = tensorOf(base, name).data;
      const change = data.map((value, index) => value - (before[index] as number));
      if (!change.every(Number.isFinite)) throw fail('weights-not-finite', { tensor: name });
      return [name, { shape, data: change }];
    }),
  );
}
