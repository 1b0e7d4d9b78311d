import type { LabelMap, Refusal, Volume } from '@fedvox/imaging';
import {
  classifiesCases,
  type Job,
  type PreprocessStep,
  type Size,
  sizeFault,
  sizeText,
  trainedSize,
} from '@fedvox/job';
import { fail } from '../errors.js';
import type { TrainingCase } from '../training/case-store.js';
import { errorOf } from './job-check.js';

/** A case as its preprocessing left it, as far as that decides whether it can be trained on. */
export interface PreparedFacts {
  readonly caseId: string;
  /** Of the patches that are trained on. */
  readonly size: Size;
  readonly hasForeground: boolean;
}

/**
 * What the first step on this case would refuse, or be spoilt by.
 * @param originalLabel the label as stored; read only where preprocessing left nothing of it
 * @throws FedvoxError `learning/patch-too-large`, `learning/size-not-divisible`, `learning/size-too-small`,
 *   `learning/bottom-of-one-voxel`, `learning/foreground-lost`
 */
export async function checkTrainable(
  prepared: TrainingCase,
  caseId: string,
  job: Job,
  originalLabel: () => Promise<LabelMap>,
): Promise<PreparedFacts> {
  const { image } = prepared;
  const { size = image.shape, patchFaults } = trainedSize(job, [...image.shape]);
  const fault = patchFaults[0] ?? sizeFault(job.network, [...size]);
  if (fault !== undefined) throw errorOf(fault);
  // Of whatever class a case is, there is something to learn.
  if ('caseClass' in prepared) return { caseId, size: [...size], hasForeground: true };
  const hasForeground = isLabelled(prepared.label);
  const mayLose = job.preprocess.some(({ kind }) => LOSES_VOXELS.includes(kind));
  if (!hasForeground && mayLose && isLabelled(await originalLabel())) {
    throw fail('foreground-lost', { caseId });
  }
  return { caseId, size: [...size], hasForeground };
}

/**
 * What no network could say anything of, trained or not.
 * @throws FedvoxError `learning/size-too-small`
 */
export function checkLargeEnough({ shape }: Volume, { network }: Pick<Job, 'network'>): void {
  if (!classifiesCases(network)) return; // Smaller volumes than others take are padded.
  const fault = sizeFault(network, [...shape]);
  if (fault?.kind === 'too-small') throw errorOf(fault);
}

const LOSES_VOXELS: readonly PreprocessStep['kind'][] = [
  'resample',
  'crop-foreground',
  'crop-or-pad',
];

/** What makes all of a site's cases together unusable, case by case; empty where nothing does. */
export function siteRefusals(cases: readonly PreparedFacts[], { training }: Job): Refusal[] {
  if (cases.length === 0) return [];
  const sizes = [...new Set(cases.map(({ size }) => sizeText(size)))];
  if (training.batchSize > 1 && sizes.length > 1) {
    const { code, message, advice } = fail('unequal-sizes', { sizes: sizes.join(' and ') });
    return cases.map(({ caseId, size }) => ({
      what: caseId,
      code,
      reason: `${message}; this one has ${sizeText(size)}`,
      advice,
    }));
  }
  if (cases.some(({ hasForeground }) => hasForeground)) return [];
  const { code, message, advice } = fail('no-foreground', { cases: cases.length });
  return cases.map(({ caseId }) => ({ what: caseId, code, reason: message, advice }));
}

function isLabelled({ data }: LabelMap): boolean {
  return data.some((value) => value !== 0);
}
