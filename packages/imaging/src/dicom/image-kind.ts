import { fail } from '../errors.js';
import type { Attributes } from './attributes.js';

/** Modalities of pictures that have no position in the patient. */
const PROJECTIONS: readonly string[] = [
  ...['CR', 'DX', 'MG', 'IO', 'PX', 'RG', 'RF', 'XA', 'RTIMAGE'],
  ...['US', 'ES', 'GM', 'OP', 'XC', 'SM'],
];

/**
 * Asserts that a file with pixels is one of a volume's: neither a dose nor a picture of a projection, which
 * lacks what a slice has for a good reason.
 * @throws FedvoxError `not-an-image`, `projection`
 */
export function checkKind(attributes: Attributes): void {
  const { path } = attributes;
  const modality = attributes.text('Modality') ?? '';
  if (modality === 'RTDOSE')
    throw fail('not-an-image', { what: path, kind: 'a radiation dose (RTDOSE)' });
  const isPlaced =
    attributes.has('ImagePositionPatient') ||
    attributes.items('PerFrameFunctionalGroupsSequence').length > 0;
  if (isPlaced) return;
  if (PROJECTIONS.includes(modality) || attributes.has('ImagerPixelSpacing')) {
    throw fail('projection', { path, modality });
  }
}
