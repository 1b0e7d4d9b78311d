import {
  type GreyWindow,
  type Grid,
  greysOf,
  type LabelMap,
  type PaintedScan,
  type Plane,
  paintedSlice,
  patientView,
  percentiles,
  type Scan,
  storedValues,
} from '@fedvox/imaging';
import type { NamedWindow } from './review-contract.js';

/** A case with what a person and a model drew of it, in memory, all on the scan's grid. */
export interface CaseVoxels {
  readonly scan: Scan;
  readonly label: LabelMap;
  readonly prediction: LabelMap;
  readonly modality: string | undefined;
}

/** What of it is shown. */
export interface SliceRequest {
  readonly plane: Plane;
  /** Along the voxel axis that the plane looks through. */
  readonly index: number;
  readonly window: GreyWindow;
  readonly label: boolean;
  readonly prediction: boolean;
}

/** Hounsfield units, as radiologists set them. */
const CT_WINDOWS: readonly NamedWindow[] = [
  { name: 'softTissue', window: [-160, 240] },
  { name: 'lung', window: [-1350, 150] },
  { name: 'bone', window: [-500, 1300] },
  { name: 'brain', window: [0, 80] },
];
/** Percentiles of the scan's values, where these have no unit. */
const RANKS = { usual: [1, 99], contrast: [10, 90], whole: [0, 100] } as const;
/** A window needs no more of them. */
const MAX_SAMPLES = 500_000;

/** Red, green and blue of each pixel, as imaging's own pictures have them. */
export function sliceBytes(
  { scan, label, prediction }: CaseVoxels,
  { plane, index, window, ...shown }: SliceRequest,
): Uint8Array {
  const painted: PaintedScan = {
    shape: scan.shape,
    affineRas: scan.affineRas,
    greyAt: greysOf(scan, window),
    overlay: {
      label: shown.label ? label : undefined,
      prediction: shown.prediction ? prediction : undefined,
    },
  };
  return paintedSlice(painted, { view: patientView(scan, plane), index }).rgb;
}

/** Windows to choose from, the usual one of such a scan first. */
export function windowsOf({
  scan,
  modality,
}: Pick<CaseVoxels, 'scan' | 'modality'>): NamedWindow[] {
  const sampled = sampledValues(scan);
  const names = Object.keys(RANKS) as (keyof typeof RANKS)[];
  const own = names.map((name): NamedWindow => {
    const [low, high] = percentiles(sampled, RANKS[name]) as [number, number];
    return { name, window: [low, high] };
  });
  return modality === 'CT' ? [...CT_WINDOWS, ...own] : own;
}

/** Every n-th voxel. */
function sampledValues(scan: Scan): Float32Array {
  const voxels = 'stored' in scan ? scan.stored : scan.data;
  const step = Math.ceil(voxels.length / MAX_SAMPLES);
  const length = Math.ceil(voxels.length / step);
  if (!('stored' in scan)) {
    return Float32Array.from({ length }, (_, at) => voxels[at * step] as number);
  }
  const stored = Int32Array.from({ length }, (_, at) => voxels[at * step] as number);
  return storedValues({ ...scan, stored: stored as never });
}

/** The voxel amid those that label and prediction disagree about, in the slice that has most of them. */
export function disagreement(
  grid: Grid,
  label: Uint8Array,
  prediction: Uint8Array,
): readonly [number, number, number] {
  const [nx, ny, nz] = grid.shape;
  const middle = [nx, ny, nz].map((size) => Math.floor(size / 2)) as [number, number, number];
  const differs = (at: number) => label[at] !== prediction[at];
  return centreOfFullest(grid, differs) ?? centreOfFullest(grid, (at) => label[at] !== 0) ?? middle;
}

function centreOfFullest(
  { shape: [nx, ny, nz] }: Grid,
  counts: (at: number) => boolean,
): readonly [number, number, number] | undefined {
  let best = { n: 0, x: 0, y: 0, k: 0 };
  for (let k = 0; k < nz; k++) {
    const sums = { n: 0, x: 0, y: 0, k };
    for (let y = 0, at = k * nx * ny; y < ny; y++) {
      for (let x = 0; x < nx; x++, at++) {
        if (!counts(at)) continue;
        sums.n += 1;
        sums.x += x;
        sums.y += y;
      }
    }
    if (sums.n > best.n) best = sums;
  }
  if (best.n === 0) return undefined;
  return [Math.round(best.x / best.n), Math.round(best.y / best.n), best.k];
}
