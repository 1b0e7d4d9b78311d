import type { DataSet } from 'dicom-parser';
import { fail } from '../errors.js';
import type { Vec3 } from '../geometry/vector.js';
import { decodeText } from './character-set.js';
import { unknownItems } from './unknown-sequence.js';

/** The attributes that are read, by DICOM keyword (PS3.6), as dicom-parser spells tags. */
export const TAG = {
  TransferSyntaxUID: 'x00020010',
  SpecificCharacterSet: 'x00080005',
  ImageType: 'x00080008',
  SOPClassUID: 'x00080016',
  SOPInstanceUID: 'x00080018',
  ContentDate: 'x00080023',
  AcquisitionTime: 'x00080032',
  ContentTime: 'x00080033',
  Modality: 'x00080060',
  Manufacturer: 'x00080070',
  SeriesDescription: 'x0008103e',
  ReferencedSeriesSequence: 'x00081115',
  ReferencedInstanceSequence: 'x0008114a',
  ReferencedSOPInstanceUID: 'x00081155',
  SourceImageSequence: 'x00082112',
  DerivationImageSequence: 'x00089124',
  PatientName: 'x00100010',
  PatientID: 'x00100020',
  SliceThickness: 'x00180050',
  EchoTime: 'x00180081',
  EchoNumbers: 'x00180086',
  SpacingBetweenSlices: 'x00180088',
  TriggerTime: 'x00181060',
  ImagerPixelSpacing: 'x00181164',
  EffectiveEchoTime: 'x00189082',
  DiffusionBValue: 'x00189087',
  MREchoSequence: 'x00189114',
  MRDiffusionSequence: 'x00189117',
  StudyInstanceUID: 'x0020000d',
  SeriesInstanceUID: 'x0020000e',
  SeriesNumber: 'x00200011',
  AcquisitionNumber: 'x00200012',
  InstanceNumber: 'x00200013',
  ImagePositionPatient: 'x00200032',
  ImageOrientationPatient: 'x00200037',
  FrameOfReferenceUID: 'x00200052',
  TemporalPositionIdentifier: 'x00200100',
  PlanePositionSequence: 'x00209113',
  PlaneOrientationSequence: 'x00209116',
  SamplesPerPixel: 'x00280002',
  PhotometricInterpretation: 'x00280004',
  NumberOfFrames: 'x00280008',
  Rows: 'x00280010',
  Columns: 'x00280011',
  PixelSpacing: 'x00280030',
  BitsAllocated: 'x00280100',
  BitsStored: 'x00280101',
  HighBit: 'x00280102',
  PixelRepresentation: 'x00280103',
  PixelPaddingValue: 'x00280120',
  PixelPaddingRangeLimit: 'x00280121',
  RescaleIntercept: 'x00281052',
  RescaleSlope: 'x00281053',
  ModalityLUTSequence: 'x00283000',
  PixelMeasuresSequence: 'x00289110',
  PixelValueTransformationSequence: 'x00289145',
  SegmentationType: 'x00620001',
  SegmentSequence: 'x00620002',
  SegmentNumber: 'x00620004',
  SegmentLabel: 'x00620005',
  SegmentAlgorithmType: 'x00620008',
  SegmentIdentificationSequence: 'x0062000a',
  ReferencedSegmentNumber: 'x0062000b',
  MaximumFractionalValue: 'x0062000e',
  ReferencedFrameOfReferenceSequence: 'x30060010',
  RTReferencedStudySequence: 'x30060012',
  RTReferencedSeriesSequence: 'x30060014',
  ContourImageSequence: 'x30060016',
  StructureSetROISequence: 'x30060020',
  ROINumber: 'x30060022',
  ReferencedFrameOfReferenceUID: 'x30060024',
  ROIName: 'x30060026',
  ROIContourSequence: 'x30060039',
  ContourSequence: 'x30060040',
  ContourGeometricType: 'x30060042',
  NumberOfContourPoints: 'x30060046',
  ContourData: 'x30060050',
  ReferencedROINumber: 'x30060084',
  SharedFunctionalGroupsSequence: 'x52009229',
  PerFrameFunctionalGroupsSequence: 'x52009230',
  FloatPixelData: 'x7fe00008',
  DoubleFloatPixelData: 'x7fe00009',
  PixelData: 'x7fe00010',
} as const;

export type Keyword = keyof typeof TAG;

/**
 * One data set of a file (or an item of one of its sequences) with reads that are checked: absent is
 * `undefined` or, with `require…`, an error naming the file and the keyword. Never the value: it may
 * be a patient's.
 */
export class Attributes {
  constructor(
    readonly path: string,
    private readonly dataSet: DataSet,
    /** The file's own data set: its SpecificCharacterSet holds for the items of its sequences. */
    private readonly root = dataSet,
  ) {}

  has(keyword: Keyword): boolean {
    const element = this.dataSet.elements[TAG[keyword]];
    return element !== undefined && element.length > 0;
  }

  /** Text of any string VR, without padding. */
  text(keyword: Keyword): string | undefined {
    const element = this.dataSet.elements[TAG[keyword]];
    if (element === undefined || element.length === 0) return undefined;
    const { dataOffset, length } = element;
    const { byteArray } = this.dataSet;
    if (dataOffset + length > byteArray.length) throw this.cutShort(keyword);
    // At once, where dicom-parser makes a string of each byte.
    const bytes = Buffer.from(byteArray.buffer, byteArray.byteOffset + dataOffset, length);
    const text = bytes.toString('latin1');
    const end = text.indexOf('\0');
    return (end === -1 ? text : text.slice(0, end)).trim();
  }

  /** Text that a person wrote, in the file's character set; `text` gives its bytes one by one. */
  words(keyword: Keyword): string | undefined {
    return this.wordsAt(TAG[keyword]);
  }

  /** As `words`, of any tag as dicom-parser spells it. Numbers that are no text are not to be had so. */
  wordsAt(tag: string): string | undefined {
    const element = this.dataSet.elements[tag];
    if (element === undefined || element.length === 0) return undefined;
    const { dataOffset, length } = element;
    const bytes = this.dataSet.byteArray.subarray(dataOffset, dataOffset + length);
    const characterSet = this.guarded('SpecificCharacterSet', () =>
      this.root.string(TAG.SpecificCharacterSet),
    );
    return decodeText(bytes, characterSet).replace(/^ +|[\0 ]+$/g, '');
  }

  requireText(keyword: Keyword): string {
    return this.text(keyword) || this.missing(keyword);
  }

  /** Values of a DS or IS attribute, at least one. */
  decimals(keyword: Keyword): readonly number[] | undefined {
    const text = this.text(keyword);
    if (text === undefined || text.trim() === '') return undefined;
    const values = text.split('\\').map((part) => (part.trim() === '' ? Number.NaN : Number(part)));
    if (!values.every(Number.isFinite)) throw this.bad(keyword, 'it is not a number');
    return values;
  }

  decimal(keyword: Keyword): number | undefined {
    return this.decimals(keyword)?.[0];
  }

  requireVec3(keyword: Keyword): Vec3 {
    const values = this.decimals(keyword) ?? this.missing(keyword);
    if (values.length !== 3) throw this.bad(keyword, 'it does not have three values');
    return values as unknown as Vec3;
  }

  /** Value of a US attribute. */
  integer(keyword: Keyword): number | undefined {
    if (!this.has(keyword)) return undefined;
    return this.guarded(keyword, () => this.dataSet.uint16(TAG[keyword]));
  }

  requireInteger(keyword: Keyword): number {
    return this.integer(keyword) ?? this.missing(keyword);
  }

  /** Value of an FD attribute. */
  double(keyword: Keyword): number | undefined {
    if (!this.has(keyword)) return undefined;
    return this.guarded(keyword, () => this.dataSet.double(TAG[keyword]));
  }

  /** Items of a sequence; none where it is absent. */
  items(keyword: Keyword): Attributes[] {
    const element = this.dataSet.elements[TAG[keyword]];
    if (element === undefined || element.length === 0) return [];
    const { byteArray } = this.dataSet;
    const items = element.items ?? this.guarded(keyword, () => unknownItems(byteArray, element));
    return items.flatMap(({ dataSet }) =>
      dataSet === undefined ? [] : [new Attributes(this.path, dataSet, this.root)],
    );
  }

  /** First item of a sequence. */
  item(keyword: Keyword): Attributes | undefined {
    return this.items(keyword)[0];
  }

  missing(keyword: Keyword): never {
    throw fail('missing-attribute', { path: this.path, attribute: keyword });
  }

  bad(keyword: Keyword, reason: string): Error {
    return fail('bad-attribute', { path: this.path, attribute: keyword, reason });
  }

  /** dicom-parser throws bare strings when an element is shorter than its type. */
  private guarded<T>(keyword: Keyword, read: () => T): T {
    try {
      return read();
    } catch (cause) {
      throw this.cutShort(keyword, cause);
    }
  }

  private cutShort(attribute: Keyword, cause?: unknown): Error {
    const reason = 'its value is cut short';
    return fail('bad-attribute', { path: this.path, attribute, reason }, { cause });
  }
}
