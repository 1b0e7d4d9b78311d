import { existsSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { CaseRef } from '../datasets/case-ref.js';
import { caseOfSeries } from '../datasets/dicom-folder.js';
import { checkSameGrid } from '../datasets/label-grid.js';
import { loadLabel } from '../datasets/load-case.js';
import type { ResolvedDatasetSpec } from '../datasets/spec.js';
import type { FolderScan, ScannedSeries } from '../folder-scan/folder-scan.js';
import { segmentationsOf } from '../folder-scan/references.js';
import type { Grid, LabelMap } from '../geometry/grid.js';
import { groupBy } from '../group-by.js';
import { ownClasses } from '../segmentation/class-names.js';
import { readVolumeFileHeader, withoutVolumeEnding } from '../volume-files/volume-file.js';
import { WRITTEN_ENDINGS } from '../volume-files/write.js';

type DicomSpec = Extract<ResolvedDatasetSpec, { kind: 'dicom' }>;

/** What a model of Fedvox drew of a scan. */
export interface FoundPrediction {
  readonly path: string;
  /** Those of the scan's label, then what only the prediction has. */
  readonly classes: readonly string[];
  /** Voxels on the scan's grid. Errors as `loadCase`, `label-grid-mismatch`. */
  readonly load: (image: Grid) => Promise<LabelMap>;
}

/** The prediction that was written last among those that refer to a series. */
export function seriesPrediction(
  series: ScannedSeries,
  scan: FolderScan,
  spec: DicomSpec,
  labelClasses: readonly string[],
): FoundPrediction | undefined {
  if (spec.predictions === 'use') return undefined;
  const own = segmentationsOf(scan, series).filter((each) => each.kind === 'seg');
  const newest = own
    .filter(({ isPrediction }) => isPrediction)
    .sort((a, b) => (a.contentMoment < b.contentMoment ? -1 : 1))
    .at(-1);
  if (newest === undefined) return undefined;
  const drawn = ownClasses(newest.segments, spec.labels);
  const classes = [...new Set([...labelClasses, ...drawn])];
  const load = async (image: Grid) => {
    const only = { ...scan, segmentations: [newest], corrections: [] };
    const lenient = { ...spec, missingLabels: 'empty' } as const;
    const { ref } = caseOfSeries(series, only, lenient, classes, 'required');
    return loadLabel(ref, classes, image);
  };
  return { path: newest.path, classes, load };
}

/**
 * The label maps of files in a folder of predictions, each by its scan's place: `sub-01/anat/T1w.nii.gz`, or by
 * its name alone where no other scan has that.
 */
export function filePredictions(folder: string, refs: readonly CaseRef[]): Map<CaseRef, string> {
  const placeOf = ({ caseId }: CaseRef) => withoutVolumeEnding(caseId);
  const byPlace = groupBy(refs, placeOf);
  const byName = groupBy(refs, (ref) => basename(placeOf(ref)));
  const found = refs.flatMap((ref): [CaseRef, string][] => {
    const [place, name] = [placeOf(ref), basename(placeOf(ref))];
    const names = [
      ...(byPlace.get(place)?.length === 1 ? [place] : []),
      ...(byName.get(name)?.length === 1 ? [name] : []),
    ];
    const paths = names.flatMap((each) => WRITTEN_ENDINGS.map((end) => join(folder, each + end)));
    const path = paths.find(existsSync);
    return path === undefined ? [] : [[ref, path]];
  });
  return new Map(found);
}

/** What a label map shows of a scan; its values are class indices. */
export function filePrediction(
  path: string,
  ref: CaseRef,
  labelClasses: readonly string[],
): FoundPrediction | undefined {
  const { source } = ref;
  if (source.kind !== 'file') return undefined;
  // A file names no classes: without a job or a manifest they go by their number.
  const classes = labelClasses.length > 0 ? labelClasses : NUMBERED_CLASSES;
  const load = async (image: Grid) => {
    checkSameGrid(path, image, (await readVolumeFileHeader(path)).grid);
    const classOf = new Map(classes.map((_, index) => [index, index]));
    return loadLabel({ ...ref, source: { ...source, label: { path, classOf } } }, classes, image);
  };
  return { path, classes, load };
}

const NUMBERED_CLASSES = Array.from({ length: 256 }, (_, index) =>
  index === 0 ? 'background' : `class ${index}`,
);
