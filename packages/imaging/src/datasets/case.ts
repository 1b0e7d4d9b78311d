import { canonicalJson, type Sha256, sha256 } from '@fedvox/base';
import { sha256File } from '@fedvox/base/system';
import type { VolumeChoice } from '../dicom/separate-volumes.js';
import type { Stack } from '../dicom/stack.js';
import type { PaddingPolicy } from '../dicom/stored-values.js';
import type { Grid, LabelMap, Volume } from '../geometry/grid.js';
import type { Scan } from '../geometry/stored-volume.js';
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

/** A case's pixels as they were read. Image and label lie on the same grid. */
export interface ScannedCase {
  readonly image: Scan;
  readonly label?: LabelMap;
  readonly modality?: string;
}

/** A case's pixels, the image by its values. */
export interface Case extends ScannedCase {
  readonly image: Volume;
}

export interface LabelledCase extends Case {
  readonly label: LabelMap;
}

/** Every file of a case, image first. */
export function filesOf({ source }: CaseRef): string[] {
  if (source.kind === 'file') {
    const { imagePath, label, dataPaths = [] } = source;
    return [imagePath, ...(label === undefined ? [] : [label.path]), ...dataPaths];
  }
  const images = new Set(source.stack.frames.map(({ path }) => path));
  return [...images, ...source.labels.map(({ path }) => path)];
}

/**
 * Identity of a case's content: the digests of its files and what their labels mean. It is the same
 * wherever the files lie, and another as soon as one byte of them is.
 */
export async function contentKey(
  ref: CaseRef,
  digestOf: (path: string) => Promise<Sha256> = sha256File,
): Promise<Sha256> {
  const digests: Sha256[] = [];
  for (const path of filesOf(ref)) digests.push(await digestOf(path));
  const { source } = ref;
  return sha256(
    canonicalJson({
      digests,
      labels: labelMeaning(source),
      ...volumeOf(source),
      ...paddingIn(source),
    }),
  );
}

/** An enhanced file may hold several volumes. */
function volumeOf(source: CaseSource): Pick<DicomSource, 'volume'> {
  return source.kind === 'dicom' && source.volume !== undefined ? { volume: source.volume } : {};
}

function paddingIn(source: CaseSource): Partial<Pick<DicomSource, 'padding'>> {
  return source.kind === 'dicom' && source.padding === 'keep' ? { padding: 'keep' } : {};
}

function labelMeaning(source: CaseSource): unknown {
  if (source.kind === 'file') return [...(source.label?.classOf ?? [])];
  const { overlaps, contourGaps } = source;
  const classes = source.labels.map(({ classOf }) => [...classOf]);
  return { overlaps, classes, ...(contourGaps === 'refuse' ? {} : { contourGaps }) };
}
