import type { Job } from './job.js';
import type { Size } from './names.js';
import { bottomSize, type NetworkSpec, needsTwoVoxels, sizeDivisor } from './networks.js';
import { inferenceOf } from './patches.js';
import type { PreprocessStep } from './transforms.js';

/** What is wrong with a job whatever the data: its first step would refuse it, or be spoilt by it. */
export type JobFault =
  | { readonly kind: 'channels'; readonly channels: number }
  | SizeFault
  /** A patch that no volume of the job's own size holds. */
  | { readonly kind: 'patch'; readonly patch: Size; readonly volume: Size }
  /** A mean that is never renewed: Adam divides nothing by nothing. */
  | { readonly kind: 'momentum'; readonly name: 'beta1' | 'beta2' };

export type SizeFault =
  | { readonly kind: 'not-divisible'; readonly size: Size; readonly divisor: Size }
  /** Nothing is left at the network's bottom. */
  | { readonly kind: 'too-small'; readonly size: Size }
  /** One voxel at the bottom of a network that needs two. */
  | { readonly kind: 'one-voxel'; readonly size: Size };

/** Every fault that the job alone shows; empty where it can be trained. */
export function jobFaults(job: Job): JobFault[] {
  const { network, training } = job;
  const faults: JobFault[] = [];
  if (network.inChannels !== 1) faults.push({ kind: 'channels', channels: network.inChannels });
  const { size, patchFaults } = trainedSize(job, preparedSize(job));
  faults.push(...patchFaults);
  const sizes = [size, inferenceOf(job).roi].filter((each) => each !== undefined);
  for (const each of new Map(sizes.map((each) => [sizeText(each), each])).values()) {
    const fault = sizeFault(network, each);
    if (fault) faults.push(fault);
  }
  const { optimizer } = training;
  for (const name of ['beta1', 'beta2'] as const) {
    if (optimizer.kind !== 'sgd' && optimizer[name] === 1) faults.push({ kind: 'momentum', name });
  }
  return faults;
}

/** Why a network cannot be trained on volumes of this size, or used on them. */
export function sizeFault(network: NetworkSpec, size: Size): SizeFault | undefined {
  const divisor = sizeDivisor(network);
  if (!isMultiple(size, divisor)) return { kind: 'not-divisible', size, divisor };
  const bottom = bottomSize(network, size);
  if (bottom.includes(0)) return { kind: 'too-small', size };
  const isOneVoxel = bottom.every((length) => length === 1);
  return isOneVoxel && needsTwoVoxels(network) ? { kind: 'one-voxel', size } : undefined;
}

/** Whether each axis is a multiple of its divisor. */
export function isMultiple(size: readonly number[], divisor: Size): boolean {
  return size.every((length, axis) => length % (divisor[axis] as number) === 0);
}

/** Steps after which the size depends on the scan. */
const CHANGES_SIZE: readonly PreprocessStep['kind'][] = ['orient', 'resample', 'crop-foreground'];

/** The size of a prepared case, where the job fixes it. */
export function preparedSize({ preprocess }: Pick<Job, 'preprocess'>): Size | undefined {
  let size: Size | undefined;
  for (const step of preprocess) {
    if (step.kind === 'crop-or-pad') size = step.size;
    else if (CHANGES_SIZE.includes(step.kind)) size = undefined;
  }
  return size;
}

/**
 * The size of what the network trains on, of a prepared case of this size, and the crops that are
 * larger than what they would be cut from.
 */
export function trainedSize(
  { augment, training }: Pick<Job, 'augment' | 'training'>,
  prepared: Size | undefined,
) {
  let size = training.patches?.size ?? prepared;
  const patchFaults: Extract<JobFault, { kind: 'patch' }>[] = [];
  for (const step of augment) {
    if (step.kind !== 'crop') continue;
    const volume = size;
    if (
      volume !== undefined &&
      step.size.some((length, axis) => length > (volume[axis] as number))
    ) {
      patchFaults.push({ kind: 'patch', patch: step.size, volume });
    }
    size = step.size;
  }
  return { size, patchFaults };
}

/** A fault in words, without the job's name. */
export function faultText(fault: JobFault): string {
  switch (fault.kind) {
    case 'channels':
      return `the network takes ${fault.channels} input channels; a case has one image`;
    case 'not-divisible':
      return `the network cannot take ${sizeText(fault.size)} voxels: it needs multiples of ${divisorText(fault.divisor)}`;
    case 'too-small':
      return `of ${sizeText(fault.size)} voxels nothing is left at the network's bottom`;
    case 'one-voxel':
      return (
        `of ${sizeText(fault.size)} voxels one is left at the network's bottom, ` +
        'where its norm needs two'
      );
    case 'patch':
      return `a patch of ${sizeText(fault.patch)} voxels does not fit into ${sizeText(fault.volume)}`;
    case 'momentum':
      return `training.optimizer.${fault.name} is 1: the first step would divide 0 by 0`;
  }
}

/** One number where all axes have the same. */
export function divisorText(divisor: Size): string {
  return new Set(divisor).size === 1 ? String(divisor[0]) : sizeText(divisor);
}

export function sizeText(size: readonly number[]): string {
  return size.join('×');
}
