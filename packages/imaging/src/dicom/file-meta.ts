import dicomParser, { type Element } from 'dicom-parser';

/** The file meta group (PS3.10 7.1) and where the data set after it starts. */
export interface FileMeta {
  readonly elements: Record<string, Element>;
  readonly end: number;
  readonly transferSyntaxUid: string | undefined;
}

const START = 132;
const META_GROUP = 0x0002;
const GROUP_LENGTH = 'x00020000';
const TRANSFER_SYNTAX = 'x00020010';
const DEFLATED = '1.2.840.10008.1.2.1.99';
const LONG_LENGTH = /^(OB|OD|OF|OL|OV|OW|SQ|SV|UC|UN|UR|UT|UV)$/;
const VR = /^[A-Z]{2}$/;

/**
 * Reads the file meta group, and nothing behind it: a deflated data set may begin with bytes that look
 * like one more element. Its length is believed only there, since some writers get it wrong.
 */
export function readFileMeta(bytes: Uint8Array): FileMeta {
  const elements: Record<string, Element> = {};
  let declaredEnd: number | undefined;
  let transferSyntaxUid: string | undefined;
  let end = START;
  for (;;) {
    if (end === declaredEnd && transferSyntaxUid === DEFLATED) break;
    const element = metaElement(bytes, end);
    if (element === undefined) break;
    elements[element.tag] = element;
    end = element.dataOffset + element.length;
    if (element.tag === GROUP_LENGTH && element.length === 4) {
      declaredEnd = end + Buffer.from(bytes.buffer, bytes.byteOffset).readUInt32LE(end - 4);
    }
    if (element.tag === TRANSFER_SYNTAX) transferSyntaxUid = textOf(bytes, element);
  }
  return { elements, end, transferSyntaxUid };
}

/** The element at an offset, if it is one of the group and whole. Always in little endian. */
function metaElement(bytes: Uint8Array, at: number): Element | undefined {
  if (at + 8 > bytes.length) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset + at, Math.min(12, bytes.length - at));
  if (view.getUint16(0, true) !== META_GROUP) return undefined;
  const vr = String.fromCharCode(view.getUint8(4), view.getUint8(5));
  const isLong = LONG_LENGTH.test(vr);
  if (isLong && view.byteLength < 12) return undefined;
  const headBytes = isLong ? 12 : 8;
  // A writer that forgot the group is explicit left four bytes for the length.
  const isExplicit = VR.test(vr);
  const length = isLong
    ? view.getUint32(8, true)
    : isExplicit
      ? view.getUint16(6, true)
      : view.getUint32(4, true);
  if (at + headBytes + length > bytes.length) return undefined;
  const number = view.getUint16(2, true).toString(16).padStart(4, '0');
  return {
    tag: `x0002${number}`,
    ...(isExplicit ? { vr } : {}),
    length,
    dataOffset: at + headBytes,
    parser: dicomParser.littleEndianByteArrayParser,
  };
}

function textOf(bytes: Uint8Array, { dataOffset, length }: Element): string {
  const value = bytes.subarray(dataOffset, dataOffset + length);
  return Buffer.from(value)
    .toString('latin1')
    .replace(/[\0 ]+$/, '');
}
