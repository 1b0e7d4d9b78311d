import { sha256, unreachable } from '@fedvox/base';
import { DICTIONARY, type Vr } from './dictionary.js';

export type Value =
  | string
  | number
  | readonly (string | number)[]
  | Uint8Array
  | readonly DataSet[];

/** A data set to write: values by keyword, sequences as lists of data sets, in any order. */
export type DataSet = { readonly [Keyword in keyof typeof DICTIONARY]?: Value | undefined };

const EXPLICIT_LITTLE_ENDIAN = '1.2.840.10008.1.2.1';
/** VRs whose length is 32 bits, after two reserved bytes (PS3.5 7.1.2). */
const LONG_LENGTH: readonly Vr[] = ['OB', 'OW', 'SQ'];
const MAX_DS_CHARACTERS = 16;

/**
 * A UID of the 2.25 root (PS3.5 B.2), derived from a label: the same label, the same UID.
 */
export function uidFrom(label: string): string {
  return `2.25.${BigInt(`0x${sha256(label).slice(0, 32)}`)}`;
}

/** A Part 10 file in Explicit VR Little Endian (PS3.10 7.1). */
export function encodePart10(dataSet: DataSet): Uint8Array {
  const meta = encodeDataSet({
    FileMetaInformationVersion: new Uint8Array([0, 1]),
    MediaStorageSOPClassUID: dataSet.SOPClassUID as string,
    MediaStorageSOPInstanceUID: dataSet.SOPInstanceUID as string,
    TransferSyntaxUID: EXPLICIT_LITTLE_ENDIAN,
    ImplementationClassUID: uidFrom('fedvox'),
  });
  const metaLength = Buffer.alloc(4);
  metaLength.writeUInt32LE(meta.length);
  return Buffer.concat([
    Buffer.alloc(128),
    Buffer.from('DICM', 'latin1'),
    encodeElement(0x00020000, 'UL', metaLength),
    meta,
    encodeDataSet(dataSet),
  ]);
}

function encodeDataSet(dataSet: DataSet): Buffer {
  const elements = (Object.keys(dataSet) as (keyof DataSet)[])
    .map((keyword) => ({ entry: DICTIONARY[keyword], value: dataSet[keyword] }))
    .sort((a, b) => a.entry[0] - b.entry[0]);
  return Buffer.concat(
    elements.flatMap(({ entry: [tag, vr], value }) =>
      value === undefined ? [] : [encodeElement(tag, vr, encodeValue(vr, value))],
    ),
  );
}

function encodeElement(tag: number, vr: Vr, value: Buffer): Buffer {
  const isLong = LONG_LENGTH.includes(vr);
  const head = Buffer.alloc(isLong ? 12 : 8);
  writeTag(head, tag);
  head.write(vr, 4, 'latin1');
  if (isLong) head.writeUInt32LE(value.length, 8);
  else head.writeUInt16LE(value.length, 6);
  return Buffer.concat([head, value]);
}

function encodeValue(vr: Vr, value: Value): Buffer {
  switch (vr) {
    case 'SQ':
      return Buffer.concat((value as readonly DataSet[]).map(encodeItem));
    case 'OB':
    case 'OW':
      return padded(Buffer.from(value as Uint8Array), 0);
    case 'US':
      return packed(value, 2, (buffer, number, at) => buffer.writeUInt16LE(number, at));
    case 'AT':
      return packed(value, 4, (buffer, tag, at) => writeTag(buffer.subarray(at), tag));
    case 'UL':
      return packed(value, 4, (buffer, number, at) => buffer.writeUInt32LE(number, at));
    case 'FD':
      return packed(value, 8, (buffer, number, at) => buffer.writeDoubleLE(number, at));
    case 'UI':
      return padded(Buffer.from(String(value), 'latin1'), 0);
    case 'DS':
      return text(listOf(value).map((each) => decimalString(Number(each))));
    case 'AE':
    case 'CS':
    case 'DA':
    case 'IS':
    case 'LO':
    case 'PN':
    case 'SH':
    case 'TM':
      return text(listOf(value).map(String));
    default:
      return unreachable(vr);
  }
}

function encodeItem(dataSet: DataSet): Buffer {
  const content = encodeDataSet(dataSet);
  const head = Buffer.alloc(8);
  writeTag(head, 0xfffee000);
  head.writeUInt32LE(content.length, 4);
  return Buffer.concat([head, content]);
}

/** The shortest text of at most 16 characters that a DS may hold and that is nearest to the number. */
export function decimalString(value: number): string {
  for (let digits = 15; digits > 0; digits--) {
    const candidates = [String(Number(value.toPrecision(digits))), value.toExponential(digits - 1)];
    const fitting = candidates.find((candidate) => candidate.length <= MAX_DS_CHARACTERS);
    if (fitting !== undefined) return fitting;
  }
  return '0';
}

function text(values: readonly string[]): Buffer {
  return padded(Buffer.from(values.join('\\'), 'latin1'), 0x20);
}

function packed(
  value: Value,
  size: number,
  write: (buffer: Buffer, number: number, at: number) => void,
): Buffer {
  const numbers = listOf(value).map(Number);
  const buffer = Buffer.alloc(numbers.length * size);
  for (const [index, number] of numbers.entries()) write(buffer, number, index * size);
  return buffer;
}

function listOf(value: Value): readonly (string | number)[] {
  return Array.isArray(value) ? (value as (string | number)[]) : [value as string | number];
}

/** Values have an even length (PS3.5 6.2). */
function padded(bytes: Buffer, filler: number): Buffer {
  return bytes.length % 2 === 0 ? bytes : Buffer.concat([bytes, Buffer.from([filler])]);
}

function writeTag(buffer: Buffer, tag: number): void {
  buffer.writeUInt16LE(Math.floor(tag / 0x10000), 0);
  buffer.writeUInt16LE(tag % 0x10000, 2);
}
