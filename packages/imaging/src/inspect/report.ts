import type { Vec3 } from '../geometry/vector.js';
import type { Refusal } from '../refusal.js';

/** What is in a folder and whether it would be used. Names patients and files: it stays on the site. */
export interface InspectReport {
  readonly path: string;
  readonly files: number;
  readonly scans: readonly ScanReport[];
  /** What is no scan and is not used, by reason. */
  readonly refused: readonly Refusal[];
  /** Files that are neither DICOM nor NIfTI nor NRRD. */
  readonly otherFiles: number;
}

/** One series or volume file. Fields that could not be established are absent. */
export interface ScanReport {
  readonly what: string;
  readonly format: 'dicom' | 'nifti' | 'nrrd';
  readonly caseId?: string;
  readonly patientId?: string;
  readonly seriesUid?: string;
  /** As the scanner numbered and called it; people write these, and sometimes names into them. */
  readonly seriesNumber?: string;
  readonly seriesDescription?: string;
  readonly modality?: string;
  readonly shape?: Vec3;
  readonly spacingMm?: Vec3;
  /** Of the stored voxels, e.g. `LPS`. */
  readonly orientation?: string;
  readonly slices: number;
  readonly intensity?: { readonly min: number; readonly max: number };
  readonly labels: readonly LabelReport[];
  /** Its class as a whole, for a job that classifies cases. */
  readonly caseClass?: string;
  /** What a model of Fedvox drew, where the folder has it; never taken for a label. */
  readonly prediction?: PredictionReport;
  readonly usable: boolean;
  /** Whether it is usable and has a label; without one it serves for prediction alone. */
  readonly trainable: boolean;
  /** Why it is not usable. */
  readonly refusal?: Refusal;
  /** What it is used in spite of. */
  readonly warnings: readonly Refusal[];
  /** Where its picture is, if pictures were asked for. */
  readonly png?: string;
  /** Where its small picture is, if small ones were asked for. */
  readonly thumbnail?: string;
}

export interface LabelReport {
  readonly name: string;
  readonly voxels: number;
  readonly ml: number;
}

export interface PredictionReport {
  readonly path: string;
  readonly classes: readonly PredictedClass[];
}

export interface PredictedClass extends LabelReport {
  /** Against the label; absent where the scan has none of this class. */
  readonly dice?: number;
}
