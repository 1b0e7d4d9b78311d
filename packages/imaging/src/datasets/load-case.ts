import { assert } from '@fedvox/base';
import { readDicom } from '../dicom/part10.js';
import { readStack } from '../dicom/volume.js';
import { fail } from '../errors.js';
import type { Case, ScannedCase } from '../geometry/case.js';
import type { Grid, LabelMap } from '../geometry/grid.js';
import { type Scan, valuesOf } from '../geometry/stored-volume.js';
import { paintContours } from '../segmentation/contour-painter.js';
import { readSegHeader } from '../segmentation/dicom-seg.js';
import { LabelCanvas } from '../segmentation/label-canvas.js';
import { paintSegmentation } from '../segmentation/seg-painter.js';
import { sampleLinear, sampleNearest } from '../transforms/grid-sampling.js';
import { readVolumeFile } from '../volume-files/volume-file.js';
import type { CaseRef, FileSource } from './case-ref.js';

/** Values that an error about a label file lists. */
const MAX_VALUES_NAMED = 5;

/** As `readCase`, the image by its values in the scanner's units. */
export async function loadCase(ref: CaseRef, classes: readonly string[]): Promise<Case> {
  const read = await readCase(ref, classes);
  return { ...read, image: valuesOf(read.image) };
}

/**
 * Reads the pixels of a case: the image as it is stored, label voxels as class indices.
 * @param classes the class names that the data set was opened with
 * @throws FedvoxError `corrupt-file`, `file-changed`, `unusable-values`, `overlapping-segments`, …
 */
export async function readCase(ref: CaseRef, classes: readonly string[]): Promise<ScannedCase> {
  const { modality } = ref;
  const image = await loadImage(ref);
  const label = ref.hasLabel ? await loadLabel(ref, classes, image) : undefined;
  assert(
    label === undefined || label.shape.every((size, axis) => size === image.shape[axis]),
    'a label lies on the grid of its image',
  );
  return {
    image,
    ...(label === undefined ? {} : { label }),
    ...(modality === undefined ? {} : { modality }),
  };
}

async function loadImage({ source, grid }: CaseRef): Promise<Scan> {
  if (source.kind === 'file') {
    if (source.shearedGrid === undefined) return readVolumeFile(source.imagePath);
    return sampleLinear(await readVolumeFile(source.imagePath, 'keep'), grid, 'edge');
  }
  const stored = await readStack(source.stack, source.padding);
  return source.stack.tiltDegrees > 0 ? sampleLinear(stored, grid, 'edge') : stored;
}

/**
 * Reads the label of a case that has one, without its image.
 * @param image the grid of the image as it was read
 * @throws FedvoxError as `loadCase`
 */
export async function loadLabel(
  { source, grid, hasLabel }: CaseRef,
  classes: readonly string[],
  image: Grid,
): Promise<LabelMap> {
  if (source.kind === 'file') {
    assert(source.label !== undefined, 'a case with a label names its file');
    const { shearedGrid } = source;
    if (shearedGrid === undefined) return readLabel(source.label, image);
    return sampleNearest(await readLabel(source.label, shearedGrid), grid, 'zero');
  }
  assert(hasLabel, 'a label is read of a case that has one');
  const { what, stack, labels, overlaps, contourGaps } = source;
  const canvas = new LabelCanvas(stack.grid, classes, overlaps);
  for (const { kind, path, classOf } of labels) {
    const file = await readDicom(path);
    if (kind === 'rtstruct') paintContours(what, file, stack, classOf, contourGaps, canvas);
    else await paintSegmentation(what, file, readSegHeader(file), stack, classOf, canvas, nearest);
  }
  const label = canvas.finished();
  return stack.tiltDegrees > 0 ? sampleNearest(label, grid, 'zero') : label;
}

function nearest(drawn: LabelMap, grid: Grid): LabelMap {
  return sampleNearest(drawn, grid, 'zero');
}

/** A label file on its image's grid, whose header may differ from it by a rounding. */
async function readLabel(
  { path, classOf }: NonNullable<FileSource['label']>,
  { shape, affineRas }: Grid,
): Promise<LabelMap> {
  const stored = await readVolumeFile(path, 'keep');
  if (stored.data.length !== shape[0] * shape[1] * shape[2]) throw fail('file-changed', { path });
  const data = new Uint8Array(stored.data.length);
  const unknown = new Set<number>();
  for (let at = 0; at < data.length; at++) {
    const value = stored.data[at] as number;
    if (value === 0) continue;
    const classIndex = classOf.get(value);
    if (classIndex !== undefined) data[at] = classIndex;
    else if (unknown.size < MAX_VALUES_NAMED) unknown.add(value);
  }
  if (unknown.size > 0) throw fail('label-values', { path, values: [...unknown].join(', ') });
  return { shape, affineRas, data };
}
