import type { LabelMap, Volume } from './grid.js';
import type { Scan } from './stored-volume.js';

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
