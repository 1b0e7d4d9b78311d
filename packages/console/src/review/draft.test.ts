import type { LabelMap } from '@fedvox/imaging';
import { describe, expect, it } from 'vitest';
import { Draft, type Stroke, strokeSchema } from './draft.js';

/** As scanners store it, 1 × 2 × 4 mm: i towards the patient's left, j towards the back, k upwards. */
const shape = [10, 8, 6] as const;
const affineRas = [-1, 0, 0, 0, 0, -2, 0, 0, 0, 0, 4, 0, 0, 0, 0, 1];
const label = (): LabelMap => ({ shape, affineRas, data: new Uint8Array(480) });
const at = (i: number, j: number, k: number) => i + 10 * (j + 8 * k);
const stroke = (changes: Partial<Stroke> = {}): Stroke => ({
  ...{ kind: 'stroke', plane: 'axial', slice: 2, classIndex: 1, radiusMm: 0.5 },
  ...{ points: [[4, 3]], continues: false, ...changes },
});
const drawn = ({ label: { data } }: Draft) => [...data.keys()].filter((each) => data[each] !== 0);

describe('a label that is corrected', () => {
  it('is drawn at the very voxels of the pixels under the brush, in each plane', () => {
    const draft = new Draft(label());
    draft.draw(stroke());
    draft.draw(stroke({ plane: 'coronal', slice: 5, points: [[7, 1]] }));
    draft.draw(stroke({ plane: 'sagittal', slice: 1, points: [[2, 5]] }));
    // Coronal and sagittal pictures have the head at their top.
    expect(drawn(draft).sort()).toEqual([at(4, 3, 2), at(7, 5, 4), at(1, 2, 0)].sort());
  });

  it('is drawn as wide in millimetres whatever the spacing, and never beyond the scan', () => {
    const draft = new Draft(label());
    draft.draw(stroke({ radiusMm: 2, points: [[0, 3]] }));
    expect(drawn(draft)).toEqual([at(0, 2, 2), ...[0, 1, 2].map((i) => at(i, 3, 2)), at(0, 4, 2)]);
  });

  it('has no gap between two points of a stroke', () => {
    const draft = new Draft(label());
    draft.draw(
      stroke({
        points: [
          [0, 1],
          [9, 1],
        ],
      }),
    );
    expect(drawn(draft)).toEqual(Array.from({ length: 10 }, (_, i) => at(i, 1, 2)));
  });

  it('is as it was once every stroke is taken back, those of several calls at once', () => {
    const before = label();
    before.data.fill(2, 0, 240);
    const draft = new Draft(before);
    draft.draw(stroke({ radiusMm: 3 }));
    draft.draw(stroke({ radiusMm: 3, points: [[6, 3]], continues: true }));
    draft.draw(stroke({ classIndex: 0, radiusMm: 3 }));
    expect(draft.strokes).toBe(2);
    expect(draft.label.data[at(4, 3, 2)]).toBe(0);
    draft.undo();
    expect(draft.label.data[at(4, 3, 2)]).toBe(1);
    draft.undo();
    draft.undo();
    expect(draft.strokes).toBe(0);
    expect(draft.label.data).toEqual(before.data);
  });

  it('takes no stroke that is none', () => {
    for (const wrong of [{ plane: 'oblique' }, { slice: -1 }, { points: [] }, { radiusMm: 1e9 }]) {
      expect(strokeSchema.safeParse({ ...stroke(), ...wrong }).success).toBe(false);
    }
  });
});
