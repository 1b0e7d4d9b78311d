import { type LabelMap, spacingMm } from '@fedvox/imaging';
import { dice, meanDefined, type Overlap, overlaps } from '../metrics/dice.js';
import { hausdorff95Mm } from '../metrics/hausdorff.js';
import { surfaceDice } from '../metrics/surface-dice.js';
import { surfaceDistances } from '../metrics/surfaces.js';
import { volumeError } from '../metrics/volume-error.js';

export interface ClassEvaluation {
  readonly name: string;
  /** Mean over the cases that have the class; null where none has. */
  readonly dice: number | null;
  /** 95 % Hausdorff distance, mean over the cases where it was both there and found; else null. */
  readonly hd95Mm: number | null;
  /** At the evaluation's tolerance, mean over the cases that have the class; null where none has. */
  readonly surfaceDice: number | null;
  /** Parts of the reference's volume, without their sign, mean over the cases that have the class. */
  readonly volumeError: number | null;
  /** Cases that have the class. */
  readonly cases: number;
  /** Cases that do not have it: Dice says nothing about them, so their false positives are given. */
  readonly emptyCases: number;
  readonly falsePositiveVoxels: number;
  /** Where the class was there and nothing of it was found; absent where that never was. */
  readonly missed?: MissedCases;
}

/** Cases that the mean of the distance passes over, which makes it look better the more there are. */
export interface MissedCases {
  readonly cases: number;
  /** The mean with the diagonal of the scan for each of them: no distance in it can be larger. */
  readonly hd95PenalisedMm: number;
}

/** How far prediction and reference agree about one class of one case. */
export interface Agreement {
  readonly overlap: Overlap;
  readonly hd95Mm: number;
  readonly surfaceDice: number;
  readonly diagonalMm: number;
  /** Of one voxel. */
  readonly voxelMl: number;
}

/** How far two surfaces may lie apart and still be one, where nobody says it. */
export const SURFACE_TOLERANCE_MM = 1;

/** One entry per foreground class. */
export function compare(
  prediction: LabelMap,
  reference: LabelMap,
  classCount: number,
  surfaceToleranceMm: number,
): Agreement[] {
  const found = overlaps(prediction.data, reference.data, classCount).slice(1);
  return found.map((overlap, index) => {
    const maskOf = ({ data }: LabelMap) => data.map((label) => (label === index + 1 ? 1 : 0));
    const [predicted, expected] = [maskOf(prediction), maskOf(reference)];
    const { shape } = reference;
    const spacing = spacingMm(reference);
    const distances = surfaceDistances(predicted, expected, shape, spacing);
    const surfaces = {
      hd95Mm: hausdorff95Mm(distances),
      surfaceDice: surfaceDice(distances, surfaceToleranceMm),
    };
    const diagonalMm = Math.hypot(...shape.map((size, axis) => size * (spacing[axis] as number)));
    const voxelMl = spacing.reduce((volume, mm) => volume * mm, 1 / 1_000);
    return { overlap, ...surfaces, diagonalMm, voxelMl };
  });
}

export function evaluateClass(name: string, found: readonly Agreement[]): ClassEvaluation {
  const empty = found.filter(({ overlap }) => overlap.reference === 0);
  const missed = missedOf(found);
  return {
    name,
    dice: orNull(meanDefined(found.map(({ overlap }) => dice(overlap)))),
    hd95Mm: orNull(meanDefined(found.map(({ hd95Mm }) => hd95Mm))),
    surfaceDice: orNull(meanDefined(found.map(({ surfaceDice }) => surfaceDice))),
    volumeError: orNull(meanDefined(found.map(({ overlap }) => Math.abs(volumeError(overlap))))),
    cases: found.length - empty.length,
    emptyCases: empty.length,
    falsePositiveVoxels: empty.reduce((sum, { overlap }) => sum + overlap.predicted, 0),
    ...(missed === undefined ? {} : { missed }),
  };
}

function missedOf(found: readonly Agreement[]): MissedCases | undefined {
  const present = found.filter(({ overlap }) => overlap.reference > 0);
  const missed = present.filter(({ overlap }) => overlap.predicted === 0);
  if (missed.length === 0) return undefined;
  const distances = present.map(({ hd95Mm, diagonalMm }) =>
    Number.isNaN(hd95Mm) ? diagonalMm : hd95Mm,
  );
  return { cases: missed.length, hd95PenalisedMm: meanDefined(distances) };
}

/** Undefined figures leave this package as null: JSON has no NaN. */
export function orNull(figure: number): number | null {
  return Number.isNaN(figure) ? null : figure;
}
