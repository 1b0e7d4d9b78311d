/** What names an object in its file meta information (PS3.10 7.1). */
export interface Part10Meta {
  readonly sopClassUid: string;
  readonly sopInstanceUid: string;
  readonly transferSyntaxUid: string;
  /** Where the data set begins; undefined where that is beyond the bytes at hand. */
  readonly dataSetAt: number | undefined;
}

/** Enough for the preamble and every meta element that comes before the ones read here. */
export const META_BYTES = 4096;

const FIRST_ELEMENT = 132;
const LONG_VRS = ['OB', 'OW', 'UN', 'UT', 'SQ'];
const SOP_CLASS_UID = 0x0002;
const SOP_INSTANCE_UID = 0x0003;
const TRANSFER_SYNTAX_UID = 0x0010;
const IMPLEMENTATION_CLASS_UID = 0x0012;

/**
 * Reads the meta group, always Explicit VR Little Endian, from the first bytes of a Part 10 file;
 * undefined for anything else. Whether the rest is sound is for `imaging` to say.
 */
export function readPart10Meta(head: Buffer): Part10Meta | undefined {
  if (head.toString('latin1', 128, FIRST_ELEMENT) !== 'DICM') return undefined;
  const uids = new Map<number, string>();
  let at = FIRST_ELEMENT;
  let isAllHere = true;
  while (isAllHere && at + 12 <= head.length && head.readUInt16LE(at) === 0x0002) {
    const isLong = LONG_VRS.includes(head.toString('latin1', at + 4, at + 6));
    const length = isLong ? head.readUInt32LE(at + 8) : head.readUInt16LE(at + 6);
    const start = at + (isLong ? 12 : 8);
    const end = start + length;
    isAllHere = end <= head.length;
    if (isAllHere) {
      uids.set(head.readUInt16LE(at + 2), head.toString('latin1', start, end));
      at = end;
    }
  }
  const uid = (element: number) => (uids.get(element) ?? '').replace(/[\0 ]+$/, '');
  const sopInstanceUid = uid(SOP_INSTANCE_UID);
  if (sopInstanceUid === '') return undefined;
  return {
    sopClassUid: uid(SOP_CLASS_UID),
    sopInstanceUid,
    transferSyntaxUid: uid(TRANSFER_SYNTAX_UID),
    dataSetAt: isAllHere && at + 12 <= head.length ? at : undefined,
  };
}

/** Fedvox, in the files that it writes down for an archive; derived once from a random UUID. */
const IMPLEMENTATION = '2.25.28400202557664863027268905892859840119';

/** Preamble and meta group of a file whose data set follows (PS3.10 7.1). */
export function writePart10Meta(meta: Omit<Part10Meta, 'dataSetAt'>): Buffer {
  const version = Buffer.from([2, 0, 1, 0, 0x4f, 0x42, 0, 0, 2, 0, 0, 0, 0, 1]);
  const elements = Buffer.concat([
    version,
    uidElement(SOP_CLASS_UID, meta.sopClassUid),
    uidElement(SOP_INSTANCE_UID, meta.sopInstanceUid),
    uidElement(TRANSFER_SYNTAX_UID, meta.transferSyntaxUid),
    uidElement(IMPLEMENTATION_CLASS_UID, IMPLEMENTATION),
  ]);
  const groupLength = Buffer.from([2, 0, 0, 0, 0x55, 0x4c, 4, 0, 0, 0, 0, 0]);
  groupLength.writeUInt32LE(elements.length, 8);
  return Buffer.concat([Buffer.alloc(128), Buffer.from('DICM'), groupLength, elements]);
}

function uidElement(element: number, uid: string): Buffer {
  const value = Buffer.from(uid.length % 2 === 0 ? uid : `${uid}\0`, 'latin1');
  const head = Buffer.from([2, 0, element, 0, 0x55, 0x49, 0, 0]);
  head.writeUInt16LE(value.length, 6);
  return Buffer.concat([head, value]);
}
