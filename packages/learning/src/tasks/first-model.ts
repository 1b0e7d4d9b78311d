import type { Job } from '@fedvox/job';
import { encodeWeights } from '@fedvox/weights';
import { initialModel } from '../networks/network.js';
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
