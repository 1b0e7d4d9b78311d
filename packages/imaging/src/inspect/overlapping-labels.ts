import type { CaseRef } from '../datasets/case-ref.js';
import { loadLabel } from '../datasets/load-case.js';
import type { Grid, LabelMap } from '../geometry/grid.js';
import { labelFigures } from './class-figures.js';
import type { LabelReport } from './report.js';

export interface ShownLabel {
  readonly map: LabelMap;
  readonly figures: readonly LabelReport[];
}

/**
 * The label of a scan whose classes overlap, as the body's contour does with all that is in it: each class
 * measured by itself, and in the map the smaller ones over the larger.
 * @throws FedvoxError as `loadCase`
 */
export async function overlappingLabels(
  ref: CaseRef,
  classes: readonly string[],
  image: Grid,
): Promise<ShownLabel> {
  const { shape, affineRas } = image;
  const data = new Uint8Array(shape[0] * shape[1] * shape[2]);
  const voxels = [Number.POSITIVE_INFINITY];
  const figures: LabelReport[] = [];
  for (const [index, name] of classes.entries()) {
    if (index === 0) continue;
    const names = ['background', name];
    const alone = await loadLabel(ofClass(ref, index), names, image);
    const [figure] = labelFigures(alone, names) as [LabelReport];
    figures.push(figure);
    voxels.push(figure.voxels);
    for (let at = 0; at < data.length; at++) {
      const shown = voxels[data[at] as number] as number;
      if (alone.data[at] === 1 && figure.voxels < shown) data[at] = index;
    }
  }
  return { map: { shape, affineRas, data }, figures };
}

/** The case as if this class were the only one. */
function ofClass(ref: CaseRef, wanted: number): CaseRef {
  const { source } = ref;
  if (source.kind !== 'dicom') return ref;
  const labels = source.labels.map((label) => ({
    ...label,
    classOf: new Map([...label.classOf].map(([value, of]) => [value, of === wanted ? 1 : 0])),
  }));
  return { ...ref, source: { ...source, labels } };
}
