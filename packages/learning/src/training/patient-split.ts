import { type Sha256, sha256 } from '@fedvox/base';
import type { ValidationPart } from '@fedvox/job';
import { fail } from '../errors.js';
import { checkPart, type Split } from './split.js';

export type Side = keyof Split<unknown>;

/** Where a site's patients stand, by `patientDigest`. */
export type Sides = ReadonlyMap<Sha256, Side>;

export interface PatientCase {
  readonly caseId: string;
  /** Absent where nothing says who it is: the case is then a patient of its own. */
  readonly patientKey?: string;
}

export interface PatientSplit<T> extends Split<T> {
  /** Of every patient here and of those remembered. */
  readonly sides: Sides;
  /** The side that no patient falls on by itself, so that one was taken from the other; else absent. */
  readonly filled?: Side;
}

export interface PatientSplitOptions {
  readonly seed: number;
  /** Of patients in an order by chance, those that validate: each one's chance, and so the mean. */
  readonly part: ValidationPart;
  /** Sides that were given before: they stand. */
  readonly remembered?: Sides;
}

/**
 * Divides cases by their patients: all of one patient's are on one side, which is a function of that
 * patient and the seed alone. Whatever else is there, goes or comes, nobody changes over, so what was
 * trained on is never validated on, whichever cases are chosen.
 *
 * By itself a side may stay empty where patients are few. The patient nearest to it is then put there, of
 * those whose side is not remembered. That choice does depend on who is there; it is remembered too.
 * @throws FedvoxError `learning/too-few-patients` where there is nobody to fill a side with
 */
export function splitByPatient<T extends PatientCase>(
  cases: readonly T[],
  { seed, part, remembered = new Map() }: PatientSplitOptions,
): PatientSplit<T> {
  checkPart(part);
  const digestOf = (item: T) => patientDigest(item, seed);
  const patients = [...new Set(cases.map(digestOf))].sort();
  const bySide = (digest: Sha256): Side =>
    distanceFrom(part, digest) === 0 ? 'validation' : 'train';
  const sides = new Map([
    ...remembered,
    ...patients.map((digest): [Sha256, Side] => [digest, remembered.get(digest) ?? bySide(digest)]),
  ]);
  const filled = emptySide(patients, sides);
  if (filled !== undefined) {
    const free = patients.filter((digest) => !remembered.has(digest));
    const nearest = filled === 'validation' ? nearestTo(part, free) : free.at(-1);
    if (nearest === undefined || patients.length < 2) {
      throw fail('too-few-patients', {
        cases: cases.length,
        patients: patients.length,
        side: filled,
      });
    }
    sides.set(nearest, filled);
  }
  const on = (side: Side) => cases.filter((item) => sides.get(digestOf(item)) === side);
  const split = { train: on('train'), validation: on('validation'), sides };
  return filled === undefined ? split : { ...split, filled };
}

/** Names a patient under one seed only, and to nobody who does not know the patient. */
export function patientDigest({ patientKey, caseId }: PatientCase, seed: number): Sha256 {
  return sha256(`${seed}/split/${patientKey ?? caseId}`);
}

/** A digest as a number in [0, 1): its leading 52 bits. Digests in order have theirs in order. */
function shareOf(digest: Sha256): number {
  return Number.parseInt(digest.slice(0, 13), 16) / 2 ** 52;
}

/** How far a patient is from those that validate: 0 for one of them. */
function distanceFrom({ from, to }: ValidationPart, digest: Sha256): number {
  const share = shareOf(digest);
  if (share < from) return from - share;
  return share < to ? 0 : share - to + Number.MIN_VALUE;
}

function nearestTo(part: ValidationPart, digests: readonly Sha256[]): Sha256 | undefined {
  return [...digests].sort((a, b) => distanceFrom(part, a) - distanceFrom(part, b))[0];
}

function emptySide(patients: readonly Sha256[], sides: Sides): Side | undefined {
  const taken = new Set(patients.map((digest) => sides.get(digest)));
  if (!taken.has('validation')) return 'validation';
  return taken.has('train') ? undefined : 'train';
}
