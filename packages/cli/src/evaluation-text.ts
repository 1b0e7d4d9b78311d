import type {
  Agreements,
  ClassEvaluation,
  DetailedEvaluation,
  Evaluation,
  Interval,
  SiteEvaluation,
} from '@fedvox/learning';
import { figure } from './figure.js';
import { namedFigures } from './figures-text.js';

/** An evaluation as a person reads it; what makes a figure look better than it is stands beside it. */
export function evaluationText(
  evaluation: Evaluation & Partial<Pick<DetailedEvaluation, 'intervals'>>,
  cases: string,
): string {
  const { validationCases, perSite = [], intervals } = evaluation;
  const head = `${namedFigures(evaluation).join(', ')} in ${validationCases} ${cases}`;
  const sites = haveSameClasses(perSite) ? [] : perSite.flatMap(siteLines);
  const classes = classLines(evaluation, intervals?.perClass);
  return [head, ...classes, ...sites].join('\n');
}

/** Whether each class occurs at all of the sites or at none: together they then show what each shows. */
function haveSameClasses(sites: readonly SiteEvaluation[]): boolean {
  const [first, ...others] = sites.map(({ perClass }) => perClass.map(({ cases }) => cases > 0));
  return others.every((present) => present.every((each, index) => each === first?.[index]));
}

function siteLines(one: SiteEvaluation): string[] {
  const head = `${one.site}: Dice ${figure(one.dice)} in ${one.validationCases} case(s)`;
  return [head, ...classLines(one)].map((line) => `  ${line}`);
}

function classLines(
  { perClass }: Agreements,
  intervals: readonly (Interval | null)[] = [],
): string[] {
  return perClass.map((one, index) => `  ${classText(one, intervals[index] ?? null)}`);
}

function classText(one: ClassEvaluation, interval: Interval | null): string {
  const { name, dice, hd95Mm, cases, emptyCases, falsePositiveVoxels, missed } = one;
  if (cases === 0 && emptyCases > 0) {
    return `${name}: in none of the cases; false positives: ${falsePositiveVoxels} voxels`;
  }
  const known =
    interval === null ? '' : ` (95 % ${figure(interval.low)} to ${figure(interval.high)})`;
  const parts = [`Dice ${figure(dice)}${known}`, `HD95 ${millimetres(hd95Mm)} in ${cases} case(s)`];
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
