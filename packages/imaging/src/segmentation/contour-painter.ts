import type { DicomFile } from '../dicom/part10.js';
import type { Stack } from '../dicom/stack.js';
import { apply, IDENTITY, invert, lpsToRas, multiply } from '../geometry/affine.js';
import { type Grid, spacingMm } from '../geometry/grid.js';
import type { ClassOfValue } from './class-names.js';
import {
  type ContourGaps,
  type ContourPlane,
  planesOf,
  planSlices,
  type SliceSource,
} from './contour-planes.js';
import { forEachPixel, type Spans } from './even-odd.js';
import type { LabelCanvas } from './label-canvas.js';
import { planeRegion } from './plane-region.js';
import { readContours, readStructureSetHeader } from './rtstruct.js';
import { shapeBetween } from './shape-interpolation.js';

/** A region that is a class of the job, and what its slices show of it. */
interface PlannedRegion {
  readonly region: number;
  readonly slices: readonly SliceSource[];
}

/**
 * Marks what a structure set's contours enclose: pixel centres inside the outlines of the plane that is
 * nearest to their slice.
 * @throws FedvoxError as `planContours`, and `overlapping-segments`
 */
export function paintContours(
  what: string,
  file: DicomFile,
  stack: Stack,
  classOf: ClassOfValue,
  gaps: ContourGaps,
  canvas: LabelCanvas,
): void {
  const [nx, ny] = stack.grid.shape;
  for (const { region, slices } of planContours(what, file, stack, classOf, gaps)) {
    const classIndex = classOf.get(region) as number;
    for (const source of slices) {
      forEachPixelOf(source, stack.grid, (pixel) => {
        canvas.mark(file.path, source.slice * nx * ny + pixel, classIndex);
      });
    }
  }
}

/**
 * What each slice will show of the regions that are classes of the job.
 * @throws FedvoxError `label-slice-missing`, `label-grid-mismatch`, `unsupported-segmentation`,
 *   `contours-skip-slices`
 */
export function planContours(
  what: string,
  file: DicomFile,
  { grid }: Stack,
  classOf: ClassOfValue,
  gaps: ContourGaps,
): PlannedRegion[] {
  const indexFromLps = multiply(invert(grid.affineRas), lpsToRas(IDENTITY));
  const { segments } = readStructureSetHeader(file);
  const wanted = (region: number) => (classOf.get(region) ?? 0) > 0;
  return [...readContours(file, wanted)].map(([region, contours]) => {
    const inVoxels = contours.map(({ points, isXor }) => ({
      points: points.map((point) => apply(indexFromLps, point)),
      isXor,
    }));
    const name = segments.find(({ value }) => value === region)?.name ?? String(region);
    const planes = planesOf(file.path, inVoxels);
    return { region, slices: planSlices(what, file.path, name, planes, grid.shape[2], gaps) };
  });
}

function forEachPixelOf(source: SliceSource, grid: Grid, visit: (pixel: number) => void): void {
  const [nx] = grid.shape;
  if (source.kind === 'plane') {
    forEachPixel(spansOf(source.plane, grid), nx, visit);
    return;
  }
  const { slice, below, above } = source;
  const part = (slice - below.height) / (above.height - below.height);
  const [width, height] = spacingMm(grid);
  const shape = shapeBetween(spansOf(below, grid), spansOf(above, grid), part, nx, [width, height]);
  for (const [pixel, isInside] of shape.entries()) if (isInside === 1) visit(pixel);
}

function spansOf({ contours }: ContourPlane, { shape: [nx, ny] }: Grid): Spans {
  return planeRegion(contours, nx, ny);
}
