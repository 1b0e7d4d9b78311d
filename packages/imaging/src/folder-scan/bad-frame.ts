import { type FedvoxError, restoredError } from '@fedvox/base';
import type { Dimensions } from '../dicom/frame.js';
import type { BadImage } from './headers/scanned-file.js';

/** A frame of a series that cannot be used, and why. */
export interface BadFrame {
  readonly error: FedvoxError;
  /** Absent where nobody can say which volume of the series it is of. */
  readonly dimensions?: Dimensions;
}

export function badFrames({ error, dimensions }: BadImage): BadFrame[] {
  const restored = restoredError(error);
  if (dimensions === undefined) return [{ error: restored }];
  return dimensions.map((ofFrame) => ({ error: restored, dimensions: ofFrame }));
}
