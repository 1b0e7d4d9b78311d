import type { Job } from '@fedvox/job';
import { encodeWeights } from '@fedvox/weights';
import { readModel } from '../bundle/model-file.js';
import { isStateDict, stateDictWeights } from '../bundle/state-dict-model.js';
import { isBesideWeights } from '../networks/beside-weights.js';
import { checkFits, initialModel } from '../networks/network.js';
import { checkJob } from './job-check.js';

/**
 * The model that a job begins with, as bytes that a coordinator takes with the job: the same from whoever
 * makes it.
 * @throws FedvoxError as `checkJob`: no site could train what this job would make of it
 */
export function firstModel(job: Job): Uint8Array {
  checkJob(job);
  return encodeWeights(initialModel(job));
}

/**
 * The same of weights that there are already, such as another job's model, or MONAI's state dict: whatever its
 * file carries beside them is left behind, so that equal weights are equal bytes.
 * @throws FedvoxError `learning/model-mismatch` with the names of what differs,
 *   `learning/model-unreadable`, `learning/state-dict-unreadable`, `learning/model-not-finite`, and as `checkJob`
 */
export async function givenModel(job: Job, path: string): Promise<Uint8Array> {
  checkJob(job);
  const weights = (await isStateDict(path))
    ? await stateDictWeights(path, job)
    : await readModel(path, (name) => isBesideWeights(job.network, name));
  checkFits(job, weights);
  return encodeWeights(weights);
}
