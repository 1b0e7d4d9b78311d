/** How the elements of a data set are encoded (PS3.5 7.1). */
export interface DataSetEncoding {
  readonly isExplicit: boolean;
  readonly bigEndian: boolean;
}

const VR =
  /^(AE|AS|AT|CS|DA|DS|DT|FD|FL|IS|LO|LT|OB|OD|OF|OL|OV|OW|PN|SH|SL|SQ|SS|ST|SV|TM|UC|UI|UL|UN|UR|US|UT|UV)$/;
/** The groups of a data set that come first are below this; in the other byte order they are above. */
const MAX_FIRST_GROUP = 0x00ff;

/**
 * The encoding that the first element shows, whatever its file says of it; `undefined` where there is
 * none to look at. No implicit length has the bytes of a VR: it would be of more than 16 KiB, and odd
 * ones apart, nothing that long stands first.
 */
export function shownEncoding(bytes: Uint8Array, at: number): DataSetEncoding | undefined {
  if (at + 8 > bytes.length) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset + at, 8);
  const isExplicit = VR.test(String.fromCharCode(view.getUint8(4), view.getUint8(5)));
  const bigEndian =
    view.getUint16(0, true) > MAX_FIRST_GROUP && view.getUint16(0, false) <= MAX_FIRST_GROUP;
  return { isExplicit, bigEndian };
}
