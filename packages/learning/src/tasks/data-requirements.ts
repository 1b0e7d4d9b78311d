import type { FedvoxError } from '@fedvox/base';
import { type CaseRef, type Dataset, orientation, type Refusal, spacingMm } from '@fedvox/imaging';
import type { Job, SpacingMm } from '@fedvox/job';
import { fail } from '../errors.js';

/** Why a site's data does not do for a job: all that a coordinator ever learns of it. */
export const GATE_REASONS = [
  'no-usable-data',
  'too-few-cases',
  'wrong-modality',
  'spacing-out-of-range',
  'labels-missing',
  'size-not-trainable',
  'foreground-missing',
  'values-unusable',
] as const;
export type GateReason = (typeof GATE_REASONS)[number];

/** The fewest cases that can be trained on and validated on. */
const FEWEST_CASES = 2;

/** The cases that meet a job's requirements, and those that do not, by name. */
export function meetRequirements(dataset: Dataset, job: Job): Dataset {
  const cases: CaseRef[] = [];
  const refused: Refusal[] = [...dataset.refused];
  for (const ref of dataset.cases) {
    const problem = requirementProblem(ref, job);
    if (problem === undefined) {
      cases.push(ref);
      continue;
    }
    const { code, message, advice } = problem;
    refused.push({ what: ref.caseId, code, reason: message, advice });
  }
  return { cases, refused };
}

/** Empty where so many usable cases will do; else the reasons, the main one first. */
export function gateProblems(usable: number, refused: readonly Refusal[], job: Job): GateReason[] {
  if (usable >= Math.max(job.data.minCases, FEWEST_CASES)) return [];
  const counts = new Map<GateReason, number>();
  for (const { code } of refused) {
    const reason = REASON_BY_CODE[code];
    if (reason !== undefined) counts.set(reason, (counts.get(reason) ?? 0) + 1);
  }
  const causes = [...counts].sort(([, a], [, b]) => b - a).map(([reason]) => reason);
  if (usable > 0) return ['too-few-cases', ...causes];
  return causes.length > 0 ? causes : ['no-usable-data'];
}

const REASON_BY_CODE: Readonly<Record<string, GateReason>> = {
  'learning/wrong-modality': 'wrong-modality',
  'learning/spacing-out-of-range': 'spacing-out-of-range',
  'imaging/label-missing': 'labels-missing',
  'imaging/label-classes': 'labels-missing',
  'imaging/no-class-list': 'labels-missing',
  'imaging/class-list-unreadable': 'labels-missing',
  'imaging/class-list-format': 'labels-missing',
  'imaging/case-class-missing': 'labels-missing',
  'imaging/case-class-conflict': 'labels-missing',
  'imaging/case-class-unknown': 'labels-missing',
  'imaging/unusable-values': 'values-unusable',
  'learning/size-not-divisible': 'size-not-trainable',
  'learning/size-too-small': 'size-not-trainable',
  'learning/bottom-of-one-voxel': 'size-not-trainable',
  'learning/patch-too-large': 'size-not-trainable',
  'learning/unequal-sizes': 'size-not-trainable',
  'learning/foreground-lost': 'foreground-missing',
  'learning/no-foreground': 'foreground-missing',
};

/** Why a scan does not meet a job's requirements; undefined where it does. */
export function requirementProblem(
  ref: Pick<CaseRef, 'caseId' | 'modality' | 'grid'>,
  { data }: Job,
): FedvoxError | undefined {
  const { caseId, modality = 'unknown' } = ref;
  if (data.modality !== undefined && modality !== data.modality) {
    return fail('wrong-modality', { caseId, modality, wanted: data.modality });
  }
  if (data.spacingMm === undefined) return undefined;
  const spacing = worldSpacingMm(ref);
  const { min, max } = data.spacingMm;
  const within = spacing.every((mm, axis) => isWithin(mm, min[axis], max[axis]));
  if (within) return undefined;
  return fail('spacing-out-of-range', {
    caseId,
    spacing: spacing.map((mm) => mm.toFixed(2)).join('×'),
    min: min.join('×'),
    max: max.join('×'),
  });
}

/** Spacing headers carry rounding of their own: a bound of 1 mm means 1.0000001 too. */
const SPACING_TOLERANCE = 1e-3;

function isWithin(mm: number, min = 0, max = Number.POSITIVE_INFINITY): boolean {
  return mm >= min * (1 - SPACING_TOLERANCE) && mm <= max * (1 + SPACING_TOLERANCE);
}

const WORLD_AXIS_BY_LETTER: Readonly<Record<string, number>> = {
  L: 0,
  R: 0,
  P: 1,
  A: 1,
  I: 2,
  S: 2,
};

/** The spacing along right, anterior and superior, whichever way the voxel axes run. */
function worldSpacingMm({ grid }: Pick<CaseRef, 'grid'>): SpacingMm {
  const spacing: SpacingMm = [0, 0, 0];
  [...orientation(grid)].forEach((letter, voxelAxis) => {
    spacing[WORLD_AXIS_BY_LETTER[letter] as 0 | 1 | 2] = spacingMm(grid)[voxelAxis] as number;
  });
  return spacing;
}
