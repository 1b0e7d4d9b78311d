import type { ClassEvaluation, Evaluation } from '@fedvox/learning';
import { figure } from './figure.js';

/** An evaluation as a person reads it; what makes a figure look better than it is stands beside it. */
export function evaluationText(evaluation: Evaluation, cases: string): string {
  const { dice, auc, validationCases, perClass } = evaluation;
  const head = `Dice ${figure(dice)}, AUC ${figure(auc)} in ${validationCases} ${cases}`;
  return [head, ...perClass.map((one) => `  ${classText(one)}`)].join('\n');
}

function classText(one: ClassEvaluation): string {
  const { name, dice, hd95Mm, cases, emptyCases, falsePositiveVoxels, missed } = one;
  if (cases === 0 && emptyCases > 0) {
    return `${name}: in none of the cases; false positives: ${falsePositiveVoxels} voxels`;
  }
  const parts = [`Dice ${figure(dice)}`, `HD95 ${millimetres(hd95Mm)} in ${cases} case(s)`];
  if (missed !== undefined) {
    const penalised = millimetres(missed.hd95PenalisedMm);
    parts.push(`missed in ${missed.cases} of them, HD95 with those ${penalised}`);
  }
  if (emptyCases > 0) {
    parts.push(`false positives in ${emptyCases} without it: ${falsePositiveVoxels} voxels`);
  }
  return `${name}: ${parts.join('; ')}`;
}

function millimetres(value: number | null): string {
  return value === null ? '-' : `${value.toFixed(1)} mm`;
}
