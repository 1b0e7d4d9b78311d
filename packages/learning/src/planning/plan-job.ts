import { type Job, type JobInput, jobSchema, type PreprocessStep, type Size } from '@fedvox/job';
import { fail } from '../errors.js';
import type { Fingerprint } from './fingerprint.js';
import { trainingBytes } from './memory-estimate.js';
import { type NetworkShape, networkShape } from './network-shape.js';
import { type TargetGrid, targetGrid } from './target-spacing.js';

export interface PlannedFor {
  readonly name: string;
  /** Background first. */
  readonly classes: readonly string[];
  /** What a step of training may take. */
  readonly memoryBytes: number;
  readonly seed: number;
}

export interface PlannedJob {
  readonly job: Job;
  /** Why, for each part of the job that the data decided about. */
  readonly reasons: Readonly<
    Record<'preprocess' | 'augment' | 'network' | 'training', readonly string[]>
  >;
  /** What a step of training takes at most, as estimated. */
  readonly trainingBytes: number;
}

/** Voxels of the largest patch to begin with, as long in mm along each axis. */
const LARGEST_PATCH_VOXELS = 256 ** 3;
const FEWEST_PATCHES = 2;
const MOST_PATCHES = 32;
/** That an epoch shows of each case. */
const PATCHES_A_CASE = 4;
/** Of all voxels, what one step may see at most. */
const MOST_OF_DATA = 0.05;
/** Of a scan, what is cut off where it is worth it, and z-scored without the rest. */
const WORTH_CROPPING = 0.75;

/**
 * Proposes a job by nnU-Net's rules, as far as they are published (Isensee et al., Nature Methods 2021): the
 * network and the largest patch that the memory holds, then as many patches a step as it holds.
 * @throws FedvoxError `learning/memory-too-small`
 */
export function planJob(data: Fingerprint, options: PlannedFor): PlannedJob {
  const grid = targetGrid(data);
  const { shape, patch } = largestPatch(grid, options.memoryBytes);
  const batchSize = patchesAStep(shape, patch, grid, data.cases, options.memoryBytes);
  const bytes = trainingBytes(shape, patch, batchSize);
  const job: JobInput = {
    name: options.name,
    classes: [...options.classes],
    data: { ...(data.modality && { modality: data.modality }) },
    preprocess: preprocessing(data, grid),
    augment: [
      { kind: 'affine', rotateDegrees: [15, 15, 15], scale: [0.2, 0.2, 0.2], probability: 0.3 },
      { kind: 'gamma', range: [0.7, 1.5], probability: 0.3 },
      { kind: 'noise', standardDeviation: 0.1, probability: 0.15 },
    ],
    network: {
      kind: 'dynunet',
      filters: [...shape.filters],
      strides: [...shape.strides],
      kernelSize: [...shape.kernelSize],
      norm: { kind: 'instance', affine: true },
      ...(shape.filters.length > 3 && { deepSupervision: Math.min(shape.filters.length - 2, 3) }),
    },
    training: {
      loss: { kind: 'dice-ce' },
      optimizer: { kind: 'adam', learningRate: 0.001 },
      schedule: { kind: 'polynomial', power: 0.9 },
      clipNorm: 12,
      batchSize,
      patches: { size: patch, perCase: PATCHES_A_CASE, sampling: { kind: 'oversampled' } },
    },
    inference: { overlap: 0.5 },
    evaluation: { bestBy: 'dice', auc: { level: 'voxel', classes: options.classes.slice(1) } },
    federation: { rounds: 100, minSites: 2 },
    seed: options.seed,
  };
  return {
    job: jobSchema.parse(job),
    reasons: reasonsOf(data, grid, { shape, patch, batchSize, bytes }),
    trainingBytes: bytes,
  };
}

/** Shrinks the patch along the axis where it holds most of the scan, until a step of two fits. */
function largestPatch(
  { spacingMm, size }: TargetGrid,
  memoryBytes: number,
): { readonly shape: NetworkShape; readonly patch: Size } {
  const edgeMm = Math.cbrt(LARGEST_PATCH_VOXELS * spacingMm[0] * spacingMm[1] * spacingMm[2]);
  let wanted = size.map((voxels, axis) =>
    Math.min(voxels, Math.round(edgeMm / (spacingMm[axis] as number))),
  ) as Size;
  if (!isDeep(networkShape(spacingMm, wanted))) {
    throw fail('volumes-too-small', { size: size.join('×') });
  }
  for (;;) {
    const shape = networkShape(spacingMm, wanted);
    const patch = paddedTo(wanted, shape.divisor);
    if (trainingBytes(shape, patch, FEWEST_PATCHES) <= memoryBytes) return { shape, patch };
    const share = (axis: number) => (patch[axis] as number) / (size[axis] as number);
    const smaller = [0, 1, 2]
      .sort((a, b) => share(b) - share(a))
      .map(
        (axis) =>
          patch.with(axis, (patch[axis] as number) - (shape.divisor[axis] as number)) as Size,
      )
      .find((less) => Math.min(...less) > 0 && isDeep(networkShape(spacingMm, less)));
    if (smaller === undefined) throw fail('memory-too-small', { memory: gib(memoryBytes) });
    wanted = smaller;
  }
}

/** A DynUNet has three levels at least. */
function isDeep({ strides }: NetworkShape): boolean {
  return strides.length >= 2;
}

function paddedTo(size: Size, divisor: Size): Size {
  return size.map((voxels, axis) => {
    const step = divisor[axis] as number;
    return Math.ceil(voxels / step) * step;
  }) as Size;
}

/** As many as the memory holds, and no more than the 20th part of all data. */
function patchesAStep(
  shape: NetworkShape,
  patch: Size,
  { size }: TargetGrid,
  cases: number,
  memoryBytes: number,
): number {
  const ofData = Math.floor((MOST_OF_DATA * cases * voxelsOf(size)) / voxelsOf(patch));
  const most = Math.min(MOST_PATCHES, Math.max(FEWEST_PATCHES, ofData));
  let batchSize = FEWEST_PATCHES;
  while (batchSize < most && trainingBytes(shape, patch, batchSize + 1) <= memoryBytes) batchSize++;
  return batchSize;
}

function preprocessing(
  { modality, keptPart, intensities }: Fingerprint,
  { spacingMm }: TargetGrid,
): PreprocessStep[] {
  const isCropped = keptPart < WORTH_CROPPING;
  const geometry: PreprocessStep[] = [
    { kind: 'orient', axes: 'RAS' },
    { kind: 'resample', spacingMm },
    ...(isCropped ? [{ kind: 'crop-foreground', above: 0, marginVoxels: 0 } as const] : []),
  ];
  if (modality !== 'CT') return [...geometry, { kind: 'zscore', nonzero: isCropped }];
  const { mean, standardDeviation, low, high } = intensities;
  const scaled = (value: number) => (value - mean) / (standardDeviation || 1);
  return [
    ...geometry,
    {
      kind: 'intensity-range',
      from: [low, high],
      to: [scaled(low), scaled(high)],
      clip: true,
    },
  ];
}

interface Chosen {
  readonly shape: NetworkShape;
  readonly patch: Size;
  readonly batchSize: number;
  readonly bytes: number;
}

function reasonsOf(
  data: Fingerprint,
  grid: TargetGrid,
  { shape, patch, batchSize, bytes }: Chosen,
): PlannedJob['reasons'] {
  const { coarseAxis, size, spacingMm } = grid;
  const share = voxelsOf(patch) / voxelsOf(size);
  return {
    preprocess: [
      coarseAxis === undefined
        ? `resample: the median spacing of ${data.cases} cases`
        : `resample: the median spacing of ${data.cases} cases; along ${'xyz'[coarseAxis]}, three times as coarse, the 10th percentile`,
      data.modality === 'CT'
        ? 'intensity-range: from the 0.5 to the 99.5 percentile of the structures’ voxels, minus their mean, over their standard deviation'
        : 'zscore: units of this modality differ from scan to scan',
      data.keptPart < WORTH_CROPPING
        ? `crop-foreground: what is 0 around the scan is ${percent(1 - data.keptPart)} of it`
        : 'no cropping: scans are not empty around what is seen',
    ],
    augment: ['no mirroring: left and right may be classes of their own'],
    network: [
      `${shape.filters.length} levels: each axis is halved while 4 voxels are left of it`,
      spacingMm.every((mm) => mm / Math.min(...spacingMm) < 2)
        ? 'kernels of 3 along every axis: none is twice as coarse as another'
        : 'kernels of 1 along a coarse axis until the others are as coarse',
    ],
    training: [
      `patches of ${patch.join('×')}: ${percent(Math.min(1, share))} of the median scan of ${size.join('×')}, the largest of which two fit`,
      `batchSize ${batchSize}: about ${gib(bytes)} GiB for a step`,
      `oversampled: a third of them on a structure; ${PATCHES_A_CASE} of each case an epoch, nnU-Net’s 250 steps being too many for a round`,
      'adam, not nnU-Net’s momentum of 0.99: what an optimizer remembers begins anew with every round',
    ],
  };
}

const voxelsOf = ([x, y, z]: Size) => x * y * z;
const gib = (bytes: number) => (bytes / 2 ** 30).toFixed(1);
const percent = (part: number) => `${Math.round(part * 100)} %`;
