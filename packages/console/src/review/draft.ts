import {
  type Grid,
  type LabelMap,
  type Plane,
  patientView,
  type ShownSlice,
  sizeOf,
  spacingMm,
  voxelAt,
} from '@fedvox/imaging';
import { z } from 'zod';

const MAX_RADIUS_MM = 100;
/** A browser sends what was drawn since the last time: some dozens. */
const MAX_POINTS = 2_000;
const MAX_STROKES = 200;
/** Between two discs of a stroke, in pixels. */
const STEP = 0.5;

export const strokeSchema = z.strictObject({
  kind: z.literal('stroke'),
  plane: z.enum(['axial', 'coronal', 'sagittal']),
  slice: z.number().int().nonnegative(),
  /** Of the job; 0 erases. */
  classIndex: z.number().int().min(0).max(255),
  radiusMm: z.number().nonnegative().max(MAX_RADIUS_MM),
  /** Pixels of the slice's picture, from its left upper one. */
  points: z
    .array(z.tuple([z.number(), z.number()]))
    .min(1)
    .max(MAX_POINTS),
  /** Part of the stroke before: they are taken back together. */
  continues: z.boolean(),
});

export type Stroke = z.output<typeof strokeSchema>;

/** What was there before a stroke, by voxel. */
type Undo = Map<number, number>;

/** What a draft has that its case's own label has not, and the way back: a hundredth of its size. */
export interface HeldDraft {
  readonly at: Uint32Array;
  readonly classes: Uint8Array;
  readonly undo: readonly Undo[];
}

/** A label while it is corrected: a brush in one slice at a time, and the way back. */
export class Draft {
  readonly label: LabelMap;
  readonly #undo: Undo[];

  constructor({ shape, affineRas, data }: LabelMap, undo: readonly Undo[] = []) {
    this.label = { shape, affineRas, data: data.slice() };
    this.#undo = [...undo];
  }

  /** Goes on over the case's own label as it is now: what somebody else corrected in it meanwhile is there. */
  static resumed(label: LabelMap, { at, classes, undo }: HeldDraft): Draft {
    const draft = new Draft(label, undo);
    for (const [index, voxel] of at.entries()) draft.label.data[voxel] = classes[index] as number;
    return draft;
  }

  /** For as long as the case makes room for others. */
  held(label: LabelMap): HeldDraft {
    const { data } = this.label;
    let count = 0;
    for (let at = 0; at < data.length; at++) if (data[at] !== label.data[at]) count += 1;
    const held = { at: new Uint32Array(count), classes: new Uint8Array(count), undo: this.#undo };
    for (let at = 0, next = 0; next < count; at++) {
      if (data[at] === label.data[at]) continue;
      held.at[next] = at;
      held.classes[next] = data[at] as number;
      next += 1;
    }
    return held;
  }

  /** Strokes that can be taken back. */
  get strokes(): number {
    return this.#undo.length;
  }

  /** Discs of the radius along the points; at the least the pixel under each of them. */
  draw({ plane, slice, classIndex, radiusMm, points, continues }: Stroke): void {
    const undo: Undo = (continues ? this.#undo.at(-1) : undefined) ?? this.#begun();
    const brush = brushOf(this.label, plane, slice, radiusMm);
    for (const point of alongOf(points)) {
      for (const at of brush(point)) {
        const before = this.label.data[at] as number;
        if (before === classIndex) continue;
        if (!undo.has(at)) undo.set(at, before);
        this.label.data[at] = classIndex;
      }
    }
  }

  undo(): void {
    for (const [at, before] of this.#undo.pop() ?? []) this.label.data[at] = before;
  }

  #begun(): Undo {
    const undo: Undo = new Map();
    this.#undo.push(undo);
    if (this.#undo.length > MAX_STROKES) this.#undo.shift();
    return undo;
  }
}

type Point = readonly [x: number, y: number];

/** The voxels that a brush covers about a pixel of a slice. */
function brushOf(grid: Grid, plane: Plane, index: number, radiusMm: number) {
  const view = patientView(grid, plane);
  const slice: ShownSlice = { view, index };
  const { columns, rows } = sizeOf(grid.shape, view);
  const spacing = spacingMm(grid);
  const [mmX, mmY] = [spacing[view.rightwards.axis], spacing[view.downwards.axis]];
  const [reachX, reachY] = [Math.ceil(radiusMm / mmX), Math.ceil(radiusMm / mmY)];
  return function* ([px, py]: Point): Generator<number> {
    const [cx, cy] = [Math.floor(px), Math.floor(py)];
    for (let y = Math.max(0, cy - reachY); y <= Math.min(rows - 1, cy + reachY); y++) {
      for (let x = Math.max(0, cx - reachX); x <= Math.min(columns - 1, cx + reachX); x++) {
        const isUnder = x === cx && y === cy;
        if (isUnder || Math.hypot((x - cx) * mmX, (y - cy) * mmY) <= radiusMm) {
          yield voxelAt(grid.shape, slice, { x, y });
        }
      }
    }
  };
}

/** The points and those between them, so close that discs leave no gap. */
function* alongOf(points: readonly Point[]): Generator<Point> {
  let last = points[0] as Point;
  yield last;
  for (const next of points.slice(1)) {
    const [dx, dy] = [next[0] - last[0], next[1] - last[1]];
    const steps = Math.ceil(Math.hypot(dx, dy) / STEP);
    for (let step = 1; step <= steps; step++) {
      yield [last[0] + (dx * step) / steps, last[1] + (dy * step) / steps];
    }
    last = next;
  }
}
