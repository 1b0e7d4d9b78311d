import type { FedvoxError } from '@fedvox/base';
import { divisorText, type Job, type JobFault, jobFaults, sizeText } from '@fedvox/job';
import { fail } from '../errors.js';

/**
 * What can be known to be wrong with a job before any case is read.
 * @throws FedvoxError `learning/unsupported-channels`, `learning/size-not-divisible`,
 *   `learning/bottom-of-one-voxel`, `learning/patch-too-large`, `learning/optimizer-unusable`
 */
export function checkJob(job: Job): void {
  const [fault] = jobFaults(job);
  if (fault !== undefined) throw errorOf(fault);
}

/**
 * What no case could pass the network of a job by. A job that runs since before `checkJob` was as strict
 * as it is runs on.
 * @throws FedvoxError `learning/unsupported-channels`, `learning/size-not-divisible`
 */
export function checkRunnable(job: Job): void {
  const fault = jobFaults(job).find(({ kind }) => kind === 'channels' || kind === 'not-divisible');
  if (fault !== undefined) throw errorOf(fault);
}

/** The error that tells of a fault: of the job's, or of what one case makes of it. */
export function errorOf(fault: JobFault): FedvoxError {
  switch (fault.kind) {
    case 'channels':
      return fail('unsupported-channels', { channels: fault.channels });
    case 'not-divisible':
      return fail('size-not-divisible', {
        size: sizeText(fault.size),
        divisor: divisorText(fault.divisor),
      });
    case 'too-small':
      return fail('size-too-small', { size: sizeText(fault.size) });
    case 'one-voxel':
      return fail('bottom-of-one-voxel', { size: sizeText(fault.size) });
    case 'patch': {
      const { patch, volume } = fault;
      return fail('patch-too-large', { patch: sizeText(patch), volume: sizeText(volume) });
    }
    case 'momentum':
      return fail('optimizer-unusable', { name: fault.name });
  }
}
