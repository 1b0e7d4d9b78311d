import type {
  Agreements,
  CaseClasses,
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
  const { validationCases, perSite = [], surfaceToleranceMm, intervals } = evaluation;
  const head = `${namedFigures(evaluation).join(', ')} in ${validationCases} ${cases}`;
  const ofSite = (one: SiteEvaluation) => siteLines(one, surfaceToleranceMm);
  const sites = haveSameClasses(perSite) ? [] : perSite.flatMap(ofSite);
  const classes = classLines(evaluation, surfaceToleranceMm, intervals?.perClass);
  const ofCases = caseClassLines(evaluation.caseClasses, intervals?.auc ?? null);
  return [head, ...classes, ...ofCases, ...sites, ...perSite.flatMap(toldLines)].join('\n');
}

/** How the classes of a site's cases are told. */
function toldLines({ site, told, validationCases }: SiteEvaluation): string[] {
  if (told === undefined) return [];
  const { auc, caseClasses } = told;
  const head = `  ${site}: AUC ${figure(auc)} in ${validationCases} case(s)`;
  return [head, ...caseClassLines(caseClasses, null).map((line) => `  ${line}`)];
}

/** How the classes of cases are told. */
function caseClassLines(classes: CaseClasses | undefined, interval: Interval | null): string[] {
  if (classes === undefined) return [];
  const { specificity, perClass, accuracy } = classes;
  const known =
    interval === null ? [] : [`AUC 95 % ${figure(interval.low)} to ${figure(interval.high)}`];
  const lines = perClass.map(
    ({ name, cases, auc, sensitivity }) =>
      `${name}: AUC ${figure(auc)}; sensitivity ${figure(sensitivity)} at a specificity of ${specificity}; ${cases} case(s)`,
  );
  return [...known, ...lines, `right: ${percent(accuracy)}`].map((line) => `  ${line}`);
}

/** Whether each class occurs at all of the sites or at none: together they then show what each shows. */
function haveSameClasses(sites: readonly SiteEvaluation[]): boolean {
  const [first, ...others] = sites.map(({ perClass }) => perClass.map(({ cases }) => cases > 0));
  return others.every((present) => present.every((each, index) => each === first?.[index]));
}

function siteLines(one: SiteEvaluation, toleranceMm: number): string[] {
  const head = `${one.site}: Dice ${figure(one.dice)} in ${one.validationCases} case(s)`;
  return [head, ...classLines(one, toleranceMm)].map((line) => `  ${line}`);
}

function classLines(
  { perClass }: Agreements,
  toleranceMm: number,
  intervals: readonly (Interval | null)[] = [],
): string[] {
  return perClass.map((one, index) => `  ${classText(one, toleranceMm, intervals[index] ?? null)}`);
}

function classText(one: ClassEvaluation, toleranceMm: number, interval: Interval | null): string {
  const {
    name,
    dice,
    hd95Mm,
    surfaceDice,
    volumeError,
    cases,
    emptyCases,
    falsePositiveVoxels,
    missed,
  } = one;
  if (cases === 0 && emptyCases > 0) {
    return `${name}: in none of the cases; false positives: ${falsePositiveVoxels} voxels`;
  }
  const known =
    interval === null ? '' : ` (95 % ${figure(interval.low)} to ${figure(interval.high)})`;
  const parts = [
    `Dice ${figure(dice)}${known}`,
    `surface Dice ${figure(surfaceDice)} at ${toleranceMm} mm`,
    `volume off by ${percent(volumeError)}`,
    `HD95 ${millimetres(hd95Mm)} in ${cases} case(s)`,
  ];
  if (missed !== undefined) {
    const penalised = millimetres(missed.hd95PenalisedMm);
    parts.push(`missed in ${missed.cases} of them, HD95 with those ${penalised}`);
  }
  if (emptyCases > 0) {
    parts.push(`false positives in ${emptyCases} without it: ${falsePositiveVoxels} voxels`);
  }
  return `${name}: ${parts.join('; ')}`;
}

function percent(value: number | null): string {
  return value === null ? '-' : `${(100 * value).toFixed(1)} %`;
}

function millimetres(value: number | null): string {
  return value === null ? '-' : `${value.toFixed(1)} mm`;
}
