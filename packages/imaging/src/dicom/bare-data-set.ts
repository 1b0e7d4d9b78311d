/**
 * DICOM as old exports store it: a data set, or its file meta group, with nothing before it, though
 * PS3.10 7.1 asks for a preamble. It is known by how it starts: two elements in order, both of the
 * group that every such file starts with, and of even length.
 */
const PREAMBLE = Buffer.concat([Buffer.alloc(128), Buffer.from('DICM', 'latin1')]);
const META_GROUP = 0x0002;
const IDENTIFYING_GROUP = 0x0008;
/** A first element is a length, a character set or an image type: never longer. */
const MAX_FIRST_BYTES = 256;
/** Of what stands at a file's start: identifying text, and the version of a file meta group. */
const VR = /^(AE|AS|AT|CS|DA|DS|DT|IS|LO|LT|OB|PN|SH|ST|TM|UI|UL|US)$/;
const IMPLICIT = '1.2.840.10008.1.2\0';
const EXPLICIT = '1.2.840.10008.1.2.1\0';

/** What such a file lacks in front of its bytes to be a Part 10 file; `undefined` if it is none. */
export function missingHead(bytes: Uint8Array): Uint8Array | undefined {
  const first = element(bytes, 0);
  const second = first && element(bytes, first.end);
  if (first === undefined || second === undefined) return undefined;
  const isInOrder = first.group === second.group && first.element < second.element;
  if (!isInOrder || first.isExplicit !== second.isExplicit) return undefined;
  if (first.group === META_GROUP) return first.isExplicit ? PREAMBLE : undefined;
  if (first.group !== IDENTIFYING_GROUP) return undefined;
  return Buffer.concat([PREAMBLE, transferSyntaxElement(first.isExplicit ? EXPLICIT : IMPLICIT)]);
}

/** The head of an element in little endian (PS3.5 7.1). A long VR is not measured: it can only be the second. */
function element(bytes: Uint8Array, at: number) {
  if (at + 8 > bytes.length) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset + at, 8);
  const isExplicit = VR.test(String.fromCharCode(view.getUint8(4), view.getUint8(5)));
  const length = isExplicit ? view.getUint16(6, true) : view.getUint32(4, true);
  if (length > MAX_FIRST_BYTES || length % 2 !== 0) return undefined;
  return {
    group: view.getUint16(0, true),
    element: view.getUint16(2, true),
    isExplicit,
    end: at + 8 + length,
  };
}

function transferSyntaxElement(uid: string): Uint8Array {
  const head = Buffer.from([0x02, 0x00, 0x10, 0x00, 0x55, 0x49, uid.length, 0x00]);
  return Buffer.concat([head, Buffer.from(uid, 'latin1')]);
}
