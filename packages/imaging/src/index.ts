export { type CacheOptions, type CaseCache, openCache } from './cache/case-cache.js';
export type { CaseRef, Dataset } from './datasets/case-ref.js';
export { contentKey, filesOf } from './datasets/content-key.js';
export { type OpenDatasetOptions, openDataset } from './datasets/dataset.js';
export {
  type FoundScan,
  findOnlyScan,
  findScans,
  type ScanRules,
} from './datasets/find-scans.js';
export { loadCase, loadLabel, readCase } from './datasets/load-case.js';
export { readVolume } from './datasets/read-volume.js';
export { type DatasetSpec, datasetSpecSchema } from './datasets/spec.js';
export { DECODED_SYNTAX_UIDS } from './dicom/transfer-syntax.js';
export { type Correction, uncorrectable, writeCorrection } from './dicom-writer/correction.js';
export { uidFrom } from './dicom-writer/encode.js';
export { type SeriesReference, seriesReference } from './dicom-writer/reference.js';
export { type DicomSegOptions, type SegmentName, writeDicomSeg } from './dicom-writer/seg.js';
export { type DicomSeriesOptions, writeDicomSeries } from './dicom-writer/series.js';
export type { ImagingErrorName } from './errors.js';
export type { HeaderProgress, HeadersKnown } from './folder-scan/headers/read-headers.js';
export { type Affine, invert as invertAffine } from './geometry/affine.js';
export type { Case, LabelledCase, ScannedCase } from './geometry/case.js';
export {
  type Grid,
  type LabelMap,
  orientation,
  spacingMm,
  type Volume,
  voxelCount,
  voxelMl,
} from './geometry/grid.js';
export {
  type Scan,
  type StoredVolume,
  type StoredVoxels,
  storedValues,
  valuesOf,
} from './geometry/stored-volume.js';
export type { Vec3 } from './geometry/vector.js';
export { paintOf } from './inspect/class-paint.js';
export { type InspectOptions, inspectFolder } from './inspect/inspect-folder.js';
export {
  type EdgeLetters,
  type PatientView,
  type Plane,
  patientView,
} from './inspect/patient-view.js';
export type {
  InspectReport,
  LabelReport,
  PredictedClass,
  PredictionReport,
  ScanReport,
} from './inspect/report.js';
export {
  type GreyWindow,
  greysOf,
  type PaintedScan,
  paintedSlice,
  type ShownSlice,
  sizeOf,
  voxelAt,
} from './inspect/slice-painter.js';
export { readNifti } from './nifti/read.js';
export { encodeNifti, writeNifti } from './nifti/write.js';
export { directReader, type Reader } from './reader/reader.js';
export { ReaderThread } from './reader/reader-thread.js';
export { type Refusal, refusalOf } from './refusal.js';
export { augment } from './transforms/augment.js';
export { type Components, componentsOf, type Neighbours } from './transforms/components.js';
export type { Box } from './transforms/crop-foreground.js';
export { percentiles } from './transforms/intensity.js';
export { patchStart } from './transforms/patch.js';
export { fillHoles, keepLargestComponent } from './transforms/postprocess.js';
export { preprocess } from './transforms/preprocess.js';
export { probabilitiesToGrid, toOriginalGrid, volumeToGrid } from './transforms/restore.js';
export { isVolumeName } from './volume-files/volume-file.js';
export { isWrittenName, WRITTEN_ENDINGS, writeVolumeFile } from './volume-files/write.js';
export { portableVoxels } from './voxel-engine/portable/portable-voxels.js';
export type { SeparableField, VoxelEngine, VoxelEngineName } from './voxel-engine/voxel-engine.js';
