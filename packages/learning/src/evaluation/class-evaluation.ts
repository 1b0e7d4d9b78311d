import { type LabelMap, spacingMm } from '@fedvox/imaging';
import { dice, meanDefined, type Overlap, overlaps } from '../metrics/dice.js';
import { hausdorff95Mm } from '../metrics/hausdorff.js';

export interface ClassEvaluation {
  readonly name: string;
  /** Mean over the cases that have the class; null where none has. */
  readonly dice: number | null;
  /** 95 % Hausdorff distance, mean over the cases where it was both there and found; else null. */
  readonly hd95Mm: number | null;
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
  readonly diagonalMm: number;
  /** Of one voxel. */
  readonly voxelMl: number;
}

/** One entry per foreground class. */
export function compare(
  prediction: LabelMap,
  reference: LabelMap,
  classCount: number,
): Agreement[] {
  const found = overlaps(prediction.data, reference.data, classCount).slice(1);
  return found.map((overlap, index) => {
    const maskOf = ({ data }: LabelMap) => data.map((label) => (label === index + 1 ? 1 : 0));
    const [predicted, expected] = [maskOf(prediction), maskOf(reference)];
    const { shape } = reference;
    const spacing = spacingMm(reference);
    const hd95Mm = hausdorff95Mm(predicted, expected, shape, spacing);
    const diagonalMm = Math.hypot(...shape.map((size, axis) => size * (spacing[axis] as number)));
    const voxelMl = spacing.reduce((volume, mm) => volume * mm, 1 / 1_000);
    return { overlap, hd95Mm, diagonalMm, voxelMl };
  });
}

export function evaluateClass(name: string, found: readonly Agreement[]): ClassEvaluation {
  const empty = found.filter(({ overlap }) => overlap.reference === 0);
  const missed = missedOf(found);
  return {
    name,
    dice: orNull(meanDefined(found.map(({ overlap }) => dice(overlap)))),
    hd95Mm: orNull(meanDefined(found.map(({ hd95Mm }) => hd95Mm))),
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
