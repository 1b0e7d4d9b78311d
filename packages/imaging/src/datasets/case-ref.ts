import type { VolumeChoice } from '../dicom/separate-volumes.js';
import type { Stack } from '../dicom/stack.js';
import type { PaddingPolicy } from '../dicom/stored-values.js';
import type { Grid } from '../geometry/grid.js';
import type { Refusal } from '../refusal.js';
import type { ClassOfValue } from '../segmentation/class-names.js';
import type { ContourGaps } from '../segmentation/contour-planes.js';
import type { OverlapPolicy } from '../segmentation/label-canvas.js';

/** One scan with its label, found and checked by header; its pixels are read by `readCase`. */
export interface CaseRef {
  /** Opaque and stable: the same scan has the same one each time. Never leaves the site. */
  readonly caseId: string;
  /**
   * Opaque: the same patient has the same one, whatever the scan. Absent where nothing says who it is;
   * the case then stands for a patient of its own. Never leaves the site, never logged.
   */
  readonly patientKey?: string;
  /** Which of several sites it is of, where its manifest says so. */
  readonly site?: string;
  /** DICOM's code: `MR`, `CT`, `PT`; unknown for a file that does not say. */
  readonly modality: string | undefined;
  /** Grid of the image that `readCase` gives: as stored, but rectangular for a tilted gantry. */
  readonly grid: Grid;
  readonly hasLabel: boolean;
  /** Which of the job's classes the case is of as a whole, where the data set was opened for that. */
  readonly caseClass?: number;
  readonly source: CaseSource;
}

/** The files behind a case. */
export type CaseSource = DicomSource | FileSource;

export interface DicomSource {
  readonly kind: 'dicom';
  /** How a person recognises the series. */
  readonly what: string;
  /** As stored: sheared for a tilted gantry. */
  readonly stack: Stack;
  readonly labels: readonly DicomLabel[];
  readonly overlaps: OverlapPolicy;
  readonly contourGaps: ContourGaps;
  readonly padding: PaddingPolicy;
  /** What was to be chosen of a series with several volumes; absent where nothing was. */
  readonly volume?: VolumeChoice;
}

/** A segmentation object and what its segments mean. */
export interface DicomLabel {
  readonly kind: 'seg' | 'rtstruct';
  readonly path: string;
  readonly classOf: ClassOfValue;
  /** A SEG on another grid than its image's. */
  readonly isResampled?: boolean;
}

/** A NIfTI or NRRD file, and its label as another. */
export interface FileSource {
  readonly kind: 'file';
  readonly imagePath: string;
  /** As stored, where its axes are not at right angles and it is resampled. */
  readonly shearedGrid?: Grid;
  readonly label?: { readonly path: string; readonly classOf: ClassOfValue };
  /** Files of voxels that detached headers name. */
  readonly dataPaths?: readonly string[];
}

export interface Dataset {
  readonly cases: readonly CaseRef[];
  readonly refused: readonly Refusal[];
}
