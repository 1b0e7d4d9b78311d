import { type Random, shuffled } from '@fedvox/base';
import { fail } from '../errors.js';
import type { CohortSpec, SplitSpec } from '../scenario/cohort-schema.js';

/** What a division goes by. */
export interface DividedCase {
  readonly caseId: string;
  /** Cases of one patient stay together; a case of nobody known is a patient of its own. */
  readonly patient: string;
  /** How much of the foreground it has, in whatever unit. */
  readonly load: number;
}

/** Divisions by lot that leave a site with too few are drawn anew, so often. */
const MAX_DRAWS = 1_000;
const BINS = 3;

/**
 * Which site each case goes to: the same from the same seed.
 * @throws FedvoxError `simulator/cohort-too-small` where no draw gives every site its fewest
 */
export function divideCohort(
  cases: readonly DividedCase[],
  sites: readonly string[],
  { split, minCases }: Pick<CohortSpec, 'split' | 'minCases'>,
  random: Random,
): ReadonlyMap<string, string> {
  const patients = patientsOf(cases);
  for (let draw = 0; draw < MAX_DRAWS; draw++) {
    const groups = groupsOf(patients, sites.length, split, random.fork(`draw ${draw}`));
    const sizes = groups.map((group) => group.flat().length);
    if (sizes.some((size) => size < minCases)) continue;
    return new Map(
      groups.flatMap((group, k) =>
        group.flat().map(({ caseId }) => [caseId, sites[k] as string] as const),
      ),
    );
  }
  throw fail('cohort-too-small', { cases: cases.length, sites: sites.length, minCases });
}

type Patient = readonly DividedCase[];

function patientsOf(cases: readonly DividedCase[]): Patient[] {
  const byPatient = new Map<string, DividedCase[]>();
  const sorted = cases.toSorted((a, b) => (a.caseId < b.caseId ? -1 : 1));
  for (const one of sorted) {
    byPatient.set(one.patient, [...(byPatient.get(one.patient) ?? []), one]);
  }
  return [...byPatient.values()];
}

/** One group of patients for each site. */
function groupsOf(
  patients: readonly Patient[],
  sites: number,
  split: SplitSpec,
  random: Random,
): Patient[][] {
  const lots = shuffled(patients, random);
  const even = Array.from({ length: sites }, () => 1);
  switch (split.kind) {
    case 'iid':
      return dealt(lots, even);
    case 'sizes':
      return dealt(lots, split.parts);
    case 'dirichlet': {
      const bins = binsOf(lots);
      const dealtBins = bins.map((bin) =>
        dealt(
          bin,
          even.map(() => gamma(split.alpha, random)),
        ),
      );
      return even.map((_, k) => dealtBins.flatMap((groups) => groups[k] ?? []));
    }
  }
}

/** Consecutive patients in proportion to the parts, every one of them given out. */
function dealt(patients: readonly Patient[], parts: readonly number[]): Patient[][] {
  const whole = parts.reduce((sum, part) => sum + part, 0);
  let before = 0;
  return parts.map((part) => {
    const from = Math.round((before / whole) * patients.length);
    before += part;
    return patients.slice(from, Math.round((before / whole) * patients.length));
  });
}

/** Thirds of the patients by their cases' mean load; within each in the order of the lots. */
function binsOf(lots: readonly Patient[]): Patient[][] {
  const loadOf = (patient: Patient) =>
    patient.reduce((sum, { load }) => sum + load, 0) / patient.length;
  const ranked = lots.toSorted((a, b) => loadOf(a) - loadOf(b));
  const place = new Map(ranked.map((patient, rank) => [patient, rank]));
  const binOf = (patient: Patient) =>
    Math.floor(((place.get(patient) as number) * BINS) / lots.length);
  return Array.from({ length: BINS }, (_, bin) => lots.filter((one) => binOf(one) === bin));
}

/**
 * A gamma variate of this shape and scale 1, of which a Dirichlet's parts are made (Marsaglia and Tsang 2000, ACM TOMS 26(3)); of a
 * shape below 1 by that above it (their section 6).
 */
function gamma(shape: number, random: Random): number {
  if (shape < 1) return gamma(shape + 1, random) * (1 - random.uniform()) ** (1 / shape);
  const d = shape - 1 / 3;
  const c = 1 / Math.sqrt(9 * d);
  for (;;) {
    const x = random.normal();
    const v = (1 + c * x) ** 3;
    if (v > 0 && Math.log(1 - random.uniform()) < 0.5 * x * x + d - d * v + d * Math.log(v)) {
      return d * v;
    }
  }
}
