/** What names an object in its file meta information (PS3.10 7.1). */
export interface Part10Meta {
  readonly sopInstanceUid: string;
}

/** Enough for the preamble and every meta element that comes before the ones read here. */
export const META_BYTES = 4096;

const FIRST_ELEMENT = 132;
const LONG_VRS = ['OB', 'OW', 'UN', 'UT', 'SQ'];
const SOP_INSTANCE_UID = 0x0003;

/**
 * Reads the meta group, always Explicit VR Little Endian, from the first bytes of a Part 10 file;
 * undefined for anything else. Whether the rest is sound is for `imaging` to say.
 */
export function readPart10Meta(head: Buffer): Part10Meta | undefined {
  if (head.toString('latin1', 128, FIRST_ELEMENT) !== 'DICM') return undefined;
  let at = FIRST_ELEMENT;
  while (at + 12 <= head.length && head.readUInt16LE(at) === 0x0002) {
    const isLong = LONG_VRS.includes(head.toString('latin1', at + 4, at + 6));
    const length = isLong ? head.readUInt32LE(at + 8) : head.readUInt16LE(at + 6);
    const start = at + (isLong ? 12 : 8);
    const end = start + length;
    if (end > head.length) return undefined;
    if (head.readUInt16LE(at + 2) === SOP_INSTANCE_UID) {
      return { sopInstanceUid: head.toString('latin1', start, end).replace(/[\0 ]+$/, '') };
    }
    at = end;
  }
  return undefined;
}
