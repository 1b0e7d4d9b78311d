import { readFile } from 'node:fs/promises';
import { errorText, isFedvoxError, type Sha256 } from '@fedvox/base';
import {
  decodeWeights,
  type Metadata,
  type TensorSource,
  tensorOf,
  type Weights,
} from '@fedvox/weights';
import { writeWeightsFile } from '@fedvox/weights/files';
import { fail } from '../errors.js';
import { checkFinite } from '../finite.js';

/** What a written weights file is known by. */
export interface WrittenWeights {
  readonly sha256: Sha256;
  readonly byteLength: number;
}

/**
 * The bare weights of a model.
 * @param isLeftOut by its name, a tensor that is not wanted, of whatever type
 * @throws FedvoxError as `readModelFile`
 */
export async function readModel(
  path: string,
  isLeftOut?: (name: string) => boolean,
): Promise<Weights> {
  return (await readWhole(path, isLeftOut)).weights;
}

/**
 * A model's bytes, which are whole weights, all of them finite.
 * @throws FedvoxError `learning/model-unreadable`, `learning/model-not-finite`
 */
export async function readModelFile(path: string): Promise<Uint8Array> {
  return (await readWhole(path)).bytes;
}

async function readWhole(path: string, isLeftOut?: (name: string) => boolean) {
  try {
    const bytes = await readFile(path);
    const weights = decodeWeights(bytes, isLeftOut);
    checkModelFinite(path, weights);
    return { bytes, weights };
  } catch (cause) {
    if (isFedvoxError(cause, 'learning/model-not-finite')) throw cause;
    throw fail('model-unreadable', { path, reason: errorText(cause) }, { cause });
  }
}

/** @throws FedvoxError `learning/model-not-finite` */
export function checkModelFinite(path: string, weights: Weights): void {
  for (const [name, { data }] of weights) {
    if (!data.every(Number.isFinite)) throw fail('model-not-finite', { path, tensor: name });
  }
}

/**
 * Writes whole weights durably, under their names in order.
 * @throws FedvoxError `learning/weights-not-finite`; what was at `path` is then still there
 */
export async function writeModel(
  path: string,
  weights: Weights,
  metadata: Metadata = {},
): Promise<WrittenWeights> {
  for (const [name, { data }] of weights) checkFinite(name, data);
  const source: TensorSource = {
    tensors: [...weights].map(([name, { shape }]) => ({ name, shape })),
    read: async (name, from, to) => tensorOf(weights, name).data.subarray(from, to),
  };
  return writeWeightsFile(path, source, metadata);
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
      checkFinite(name, change);
      return [name, { shape, data: change }];
    }),
  );
}
