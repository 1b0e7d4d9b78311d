import { errorText, isFedvoxError } from '@fedvox/base';
import type { Job } from '@fedvox/job';
import type { Weights } from '@fedvox/weights';
import { isTorchFile, StateDictFile } from '@fedvox/weights/files';
import { fail } from '../errors.js';
import { isBesideWeights } from '../networks/beside-weights.js';
import { buildNetwork } from '../networks/builders.js';
import { checkFits } from '../networks/network.js';
import { checkModelFinite } from './model-file.js';

/** Whether a person's model is what torch.save wrote. @throws FedvoxError `learning/model-unreadable` */
export async function isStateDict(path: string): Promise<boolean> {
  try {
    return await isTorchFile(path);
  } catch (cause) {
    throw fail('model-unreadable', { path, reason: errorText(cause) }, { cause });
  }
}

/**
 * The weights of a job's network out of a state dict that PyTorch saved, all of them finite. Whole numbers that
 * the network has no parameter for, and what stands there beside its weights, are left out. No tensor is read
 * before names and shapes are known to be the network's: memory is that of the network.
 * @throws FedvoxError `learning/state-dict-unreadable`, `learning/model-mismatch` with the names of what
 *   differs, `learning/model-not-finite`
 */
export async function stateDictWeights(
  path: string,
  job: Pick<Job, 'network' | 'classes'>,
): Promise<Weights> {
  const file = await readable(path, StateDictFile.open(path));
  try {
    const needed = new Set(buildNetwork(job).parameters.map(({ name }) => name));
    const tensors = file.tensors.filter(
      ({ name, type }) => needed.has(name) || !(type.isWhole || isBesideWeights(job.network, name)),
    );
    checkFits(job, new Map(tensors.map((tensor) => [tensor.name, tensor])));
    const weights = await readable(path, file.weights(tensors));
    checkModelFinite(path, weights);
    return weights;
  } finally {
    await file.close();
  }
}

async function readable<Result>(path: string, reading: Promise<Result>): Promise<Result> {
  try {
    return await reading;
  } catch (cause) {
    if (!isFedvoxError(cause)) throw cause;
    const { message: reason, advice } = cause;
    throw fail('state-dict-unreadable', { path, reason, advice }, { cause });
  }
}
