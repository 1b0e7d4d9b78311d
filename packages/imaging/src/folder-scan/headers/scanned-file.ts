import { extname } from 'node:path';
import { isFedvoxError, type NamedError, namedError } from '@fedvox/base';
import { type Dimensions, dimensionsOf, type Frame, framesOf } from '../../dicom/frame.js';
import { type DicomFile, readDicomHeader } from '../../dicom/part10.js';
import { fail } from '../../errors.js';
import { errorOfCase } from '../../refusal.js';
import { isSegmentation, readSegHeader, type SegHeader } from '../../segmentation/dicom-seg.js';
import {
  isStructureSet,
  readStructureSetHeader,
  type StructureSetHeader,
} from '../../segmentation/rtstruct.js';

/** A file that labels a series: a DICOM SEG or an RT structure set. */
export type SegmentationObject =
  | ({ readonly kind: 'seg' } & SegHeader)
  | ({ readonly kind: 'rtstruct' } & StructureSetHeader);

/** A file of an image series that cannot be used. */
export interface BadImage {
  readonly kind: 'bad-image';
  readonly uid: string;
  readonly error: NamedError;
  /** Of its frames; absent where nobody can say what volume of the series it is of. */
  readonly dimensions?: readonly Dimensions[];
}

/** What one file of a folder turned out to be. */
export type ScannedFile =
  | { readonly kind: 'image'; readonly uid: string; readonly frames: readonly Frame[] }
  | BadImage
  | { readonly kind: 'segmentation'; readonly uid: string; readonly object: SegmentationObject }
  | { readonly kind: 'object'; readonly uid: string; readonly modality: string }
  | { readonly kind: 'unreadable'; readonly error: NamedError }
  | { readonly kind: 'other' };

const DICOM_EXTENSIONS: readonly string[] = ['.dcm', '.dicom', '.ima'];

/** Reads one file's header. What comes of it is plain data, to be sent and stored. */
export async function scanFile(path: string): Promise<ScannedFile> {
  try {
    return scanObject(await readDicomHeader(path));
  } catch (thrown) {
    const error = errorOfCase(path, thrown);
    const claimsDicom = DICOM_EXTENSIONS.includes(extname(path).toLowerCase());
    if (isFedvoxError(error, 'imaging/not-dicom') && !claimsDicom) return { kind: 'other' };
    return { kind: 'unreadable', error: namedError(error) };
  }
}

function scanObject(file: DicomFile): ScannedFile {
  const { attributes } = file;
  if (attributes.text('SOPClassUID') === undefined && !attributes.has('SeriesInstanceUID')) {
    return { kind: 'other' }; // a DICOMDIR: an index of the folder, which is read itself
  }
  if (isSegmentation(attributes)) {
    const object = { kind: 'seg', ...readSegHeader(file) } as const;
    return { kind: 'segmentation', uid: attributes.requireText('SOPInstanceUID'), object };
  }
  if (isStructureSet(attributes)) {
    const object = { kind: 'rtstruct', ...readStructureSetHeader(file) } as const;
    return { kind: 'segmentation', uid: attributes.requireText('SOPInstanceUID'), object };
  }
  const uid = attributes.requireText('SeriesInstanceUID');
  if (file.pixelData === undefined && !attributes.has('Rows')) {
    return { kind: 'object', uid, modality: attributes.text('Modality') ?? 'objects' };
  }
  try {
    if (file.syntax.pixels === undefined) {
      const transferSyntax = file.syntax.name;
      throw fail('unsupported-transfer-syntax', { path: file.path, transferSyntax });
    }
    return { kind: 'image', uid, frames: framesOf(file) };
  } catch (error) {
    const named = namedError(errorOfCase(file.path, error));
    return { kind: 'bad-image', uid, error: named, ...knownDimensions(file) };
  }
}

function knownDimensions(file: DicomFile): Pick<BadImage, 'dimensions'> {
  try {
    return { dimensions: dimensionsOf(file) };
  } catch (error) {
    errorOfCase(file.path, error); // what is no fault of the file is thrown on
    return {};
  }
}
