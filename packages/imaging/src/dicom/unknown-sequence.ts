import dicomParser, { type ByteArray, type Element } from 'dicom-parser';
import { shownEncoding } from './data-set-encoding.js';

const ITEM_HEAD_BYTES = 8;

/**
 * The items of a sequence that its writer did not know for one: of VR UN, whose value is in implicit little
 * endian (PS3.5 6.2.2), though some writers copy it as explicit. None where it is no sequence.
 * @throws what dicom-parser throws where the value is cut short
 */
export function unknownItems(bytes: ByteArray, element: Element): Element[] {
  if (element.vr !== 'UN') return [];
  const parser = dicomParser.littleEndianByteArrayParser;
  const sequence: Element = { ...element };
  const stream = new dicomParser.ByteStream(parser, bytes, element.dataOffset);
  const isExplicit =
    shownEncoding(bytes, element.dataOffset + ITEM_HEAD_BYTES)?.isExplicit === true;
  if (isExplicit) dicomParser.readSequenceItemsExplicit(stream, sequence, []);
  else dicomParser.readSequenceItemsImplicit(stream, sequence);
  return sequence.items ?? [];
}
