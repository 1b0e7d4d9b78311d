import { column } from '../geometry/affine.js';
import { axisDirections, type Grid, SIDES } from '../geometry/grid.js';
import { normalize, scale, type Vec3 } from '../geometry/vector.js';

export type Plane = 'axial' | 'coronal' | 'sagittal';

/**
 * The convention, and the only place where it is decided: radiological. For each plane the patient's
 * sides towards which a picture runs rightwards and downwards, and the next picture lies. Axial slices
 * are seen from the feet and coronal ones from the front, so that the patient's right is at the left
 * edge; sagittal ones have the nose there.
 */
const RUNS: Readonly<Record<Plane, string>> = { axial: 'LPS', coronal: 'LIA', sagittal: 'PIR' };

/** A side is named where a picture's edge is turned towards it by more than this: sin 15°. */
const LEAST_TURN = 0.26;

/** A voxel axis along which a picture runs, from its last voxel to its first where it is reversed. */
export interface PictureAxis {
  readonly axis: 0 | 1 | 2;
  readonly isReversed: boolean;
}

/** How the slices of a grid are shown, and which side of the patient lies at each edge. */
export interface PatientView {
  readonly rightwards: PictureAxis;
  readonly downwards: PictureAxis;
  /** From one slice to the next. */
  readonly through: PictureAxis;
  readonly letters: EdgeLetters;
}

export interface EdgeLetters {
  readonly left: string;
  readonly right: string;
  readonly top: string;
  readonly bottom: string;
}

/**
 * How slices of a grid, stored in whatever orientation, are shown as radiologists look. The letters are
 * those of the voxel axes as they truly lie, not of the convention: R, L, A, P, S, I, several where the
 * slices are oblique, the nearest side first (as Patient Orientation, DICOM PS3.3 C.7.6.1.1.1).
 */
export function patientView(grid: Grid, plane: Plane): PatientView {
  const [rightwards, downwards, through] = [...RUNS[plane]].map((side) =>
    axisTowards(grid, side),
  ) as [PictureAxis, PictureAxis, PictureAxis];
  const [right, down] = [rightwards, downwards].map(({ axis, isReversed }) =>
    scale(column(grid.affineRas, axis), isReversed ? -1 : 1),
  ) as [Vec3, Vec3];
  const letters = {
    left: sidesTowards(scale(right, -1)),
    right: sidesTowards(right),
    top: sidesTowards(scale(down, -1)),
    bottom: sidesTowards(down),
  };
  return { rightwards, downwards, through, letters };
}

function axisTowards(grid: Grid, side: string): PictureAxis {
  const world = SIDES.findIndex((sides) => sides.includes(side));
  const directions = axisDirections(grid);
  const axis = directions.findIndex((direction) => direction.world === world) as 0 | 1 | 2;
  const sign = SIDES[world]?.indexOf(side) === 1 ? 1 : -1;
  return { axis, isReversed: directions[axis].sign !== sign };
}

function sidesTowards(direction: Vec3): string {
  return normalize(direction)
    .map((part, world) => ({ size: Math.abs(part), side: SIDES[world]?.[part > 0 ? 1 : 0] }))
    .filter(({ size }) => size > LEAST_TURN)
    .sort((a, b) => b.size - a.size)
    .map(({ side }) => side)
    .join('');
}
