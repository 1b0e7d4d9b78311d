import { deflateRawSync, deflateSync } from 'node:zlib';

/** Where our writer puts the length of the file meta group, and where the group starts (PS3.10 7.1). */
const META_LENGTH_AT = 140;
const META_START = 144;
const TRANSFER_SYNTAX_TAG = Buffer.from([0x02, 0x00, 0x10, 0x00]);
const LONG_VRS = ['OB', 'OW', 'SQ', 'UN'];

const IMPLICIT = '1.2.840.10008.1.2';
const EXPLICIT = '1.2.840.10008.1.2.1';
const DEFLATED = '1.2.840.10008.1.2.1.99';

/** The same data set stored otherwise, some validly and some as writers get it wrong: from our writer's bytes. */
export const VARIANTS: Readonly<Record<string, (file: Buffer) => Buffer>> = {
  'implicit little endian': (file) => joined(file, IMPLICIT, implicit),
  'implicit, declared explicit': (file) => joined(file, EXPLICIT, implicit),
  'explicit, declared implicit': (file) => joined(file, IMPLICIT),
  'explicit, declared big endian': (file) => joined(file, '1.2.840.10008.1.2.2'),
  'explicit, declared JPEG': (file) => joined(file, '1.2.840.10008.1.2.4.70'),
  'explicit, without its transfer syntax': (file) => joined(file, undefined),
  'implicit, without its transfer syntax': (file) => joined(file, undefined, implicit),
  'without the length of its meta group': withoutMetaLength,
  deflated: (file) => joined(file, DEFLATED, (dataSet) => deflateRawSync(dataSet)),
  'deflated with the head of zlib': (file) =>
    joined(file, DEFLATED, (dataSet) => deflateSync(dataSet)),
  'deflated, its first bytes a group': (file) => joined(file, DEFLATED, deflatedAsGroup),
  'with its sequences as UN': (file) => joined(file, EXPLICIT, sequencesAsUnknown),
  'with its sequences as UN, explicit inside': (file) =>
    joined(file, EXPLICIT, (dataSet) => sequencesAsUnknown(dataSet, (value) => value)),
};

/** Preamble and file meta group with another transfer syntax or none, and the data set changed. */
export function joined(
  file: Buffer,
  syntaxUid: string | undefined,
  change: (dataSet: Buffer) => Buffer = (dataSet) => dataSet,
): Buffer {
  const metaEnd = META_START + file.readUInt32LE(META_LENGTH_AT);
  const at = file.indexOf(TRANSFER_SYNTAX_TAG, META_START);
  const end = at + 8 + file.readUInt16LE(at + 6);
  const element = syntaxUid === undefined ? Buffer.alloc(0) : syntaxElement(syntaxUid);
  const meta = Buffer.concat([file.subarray(0, at), element, file.subarray(end, metaEnd)]);
  meta.writeUInt32LE(meta.length - META_START, META_LENGTH_AT);
  return Buffer.concat([meta, change(file.subarray(metaEnd))]);
}

function syntaxElement(syntaxUid: string): Buffer {
  const uid = Buffer.from(syntaxUid.padEnd(Math.ceil(syntaxUid.length / 2) * 2, '\0'), 'latin1');
  const head = Buffer.concat([TRANSFER_SYNTAX_TAG, Buffer.from('UI\0\0', 'latin1')]);
  head.writeUInt16LE(uid.length, 6);
  return Buffer.concat([head, uid]);
}

/** The meta group begins with its own length, which some writers leave out. */
function withoutMetaLength(file: Buffer): Buffer {
  return Buffer.concat([file.subarray(0, META_START - 12), file.subarray(META_START)]);
}

/** An empty stored block in front, whose padding reads as an element of the meta group. */
function deflatedAsGroup(dataSet: Buffer): Buffer {
  // BFINAL 0, BTYPE 01 (fixed codes), end of block: ten bits; then an empty stored block to align.
  const start = Buffer.from([0x02, 0x00, 0x00, 0x00, 0xff, 0xff]);
  return Buffer.concat([start, deflateRawSync(dataSet)]);
}

/** An explicit data set without its VRs (PS3.5 7.1.3). */
export function implicit(explicit: Buffer): Buffer {
  return Buffer.concat(
    elements(explicit).map(({ head, vr, value }) => {
      const inner = vr === 'SQ' ? items(value, implicit) : value;
      return Buffer.concat([head, uint32(inner.length), inner]);
    }),
  );
}

/** Sequences of the first level as UN, whose items are implicit (PS3.5 6.2.2). */
function sequencesAsUnknown(
  explicit: Buffer,
  inside: (value: Buffer) => Buffer = (value) => items(value, implicit),
): Buffer {
  return Buffer.concat(
    elements(explicit).map(({ head, vr, value, whole }) => {
      if (vr !== 'SQ') return whole;
      const inner = inside(value);
      return Buffer.concat([head, Buffer.from('UN\0\0', 'latin1'), uint32(inner.length), inner]);
    }),
  );
}

/** Elements of defined length, as our writer writes them. */
function elements(explicit: Buffer) {
  const found: { head: Buffer; vr: string; value: Buffer; whole: Buffer }[] = [];
  for (let at = 0; at < explicit.length; ) {
    const vr = explicit.toString('latin1', at + 4, at + 6);
    const isLong = LONG_VRS.includes(vr);
    const start = at + (isLong ? 12 : 8);
    const length = isLong ? explicit.readUInt32LE(at + 8) : explicit.readUInt16LE(at + 6);
    const [head, value] = [explicit.subarray(at, at + 4), explicit.subarray(start, start + length)];
    found.push({ head, vr, value, whole: explicit.subarray(at, start + length) });
    at = start + length;
  }
  return found;
}

function items(value: Buffer, change: (item: Buffer) => Buffer): Buffer {
  const parts: Buffer[] = [];
  for (let at = 0; at < value.length; ) {
    const length = value.readUInt32LE(at + 4);
    const content = change(value.subarray(at + 8, at + 8 + length));
    parts.push(value.subarray(at, at + 4), uint32(content.length), content);
    at += 8 + length;
  }
  return Buffer.concat(parts);
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}
