import type { Job, PreprocessStep, Size } from '@fedvox/job';
import { fail } from '../errors.js';
import { sizeDivisor } from '../networks/unet.js';

/**
 * What can be known to be wrong with a job before any case is read: its network and its sizes.
 * @throws FedvoxError `learning/unsupported-channels`, `learning/size-not-divisible`
 */
export function checkJob(job: Job): void {
  const { inChannels } = job.network;
  if (inChannels !== 1) throw fail('unsupported-channels', { channels: inChannels });
  const divisor = sizeDivisor(job.network);
  for (const size of [trainingSize(job), job.inference.roi]) {
    if (size?.some((length) => length % divisor !== 0)) {
      throw fail('size-not-divisible', { size: size.join('×'), divisor });
    }
  }
}

/** Steps after which the size depends on the scan. */
const CHANGES_SIZE: readonly PreprocessStep['kind'][] = ['orient', 'resample', 'crop-foreground'];

/** The size of what the network trains on, as far as the job fixes it. */
function trainingSize({ preprocess, augment }: Job): Size | undefined {
  let size: Size | undefined;
  for (const step of preprocess) {
    if (step.kind === 'crop-or-pad') size = step.size;
    else if (CHANGES_SIZE.includes(step.kind)) size = undefined;
  }
  for (const step of augment) if (step.kind === 'crop') size = step.size;
  return size;
}
