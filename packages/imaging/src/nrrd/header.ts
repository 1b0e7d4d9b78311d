import { fail } from '../errors.js';
import {
  type Affine,
  affineFromColumns,
  IDENTITY,
  isUsable,
  lpsToRas,
  multiply,
} from '../geometry/affine.js';
import { type Grid, MAX_VOXELS, voxelCount } from '../geometry/grid.js';
import type { Vec3 } from '../geometry/vector.js';
import { SAMPLE_TYPES, type SampleType } from '../voxels/samples.js';

/** The header of a NRRD file (teem.sourceforge.net/nrrd/format.html), reduced to our needs. */
export interface NrrdHeader {
  readonly grid: Grid;
  readonly sampleType: SampleType;
  readonly littleEndian: boolean;
  readonly isGzip: boolean;
  readonly data: NrrdData;
}

/** Where the voxels are. */
export interface NrrdData {
  /** Another file, by its name in the header's folder; absent where they follow the header. */
  readonly file?: string;
  /** Byte of their file at which they start, but for what is skipped. */
  readonly offset: number;
  /** Lines to skip from there, before anything is decompressed. */
  readonly lineSkip: number;
  /** Bytes to skip after the lines, once decompressed; -1: all but the voxels, which come last. */
  readonly byteSkip: number;
}

/** NRRD's many names of a type → NIfTI's code for it. */
const TYPE_CODES: Readonly<Record<string, number>> = {
  ...names(256, 'signed char', 'int8', 'int8_t'),
  ...names(2, 'uchar', 'unsigned char', 'uint8', 'uint8_t'),
  ...names(4, 'short', 'short int', 'signed short', 'signed short int', 'int16', 'int16_t'),
  ...names(512, 'ushort', 'unsigned short', 'unsigned short int', 'uint16', 'uint16_t'),
  ...names(8, 'int', 'signed int', 'int32', 'int32_t'),
  ...names(768, 'uint', 'unsigned int', 'uint32', 'uint32_t'),
  ...names(1024, 'longlong', 'long long', 'long long int', 'signed long long', 'int64', 'int64_t'),
  ...names(1280, 'ulonglong', 'unsigned long long', 'uint64', 'uint64_t'),
  ...names(16, 'float'),
  ...names(64, 'double'),
};

/** World frames that say which way the patient lies → the change to RAS+. */
const TO_RAS: Readonly<Record<string, Affine>> = {
  ...frame(IDENTITY, 'right-anterior-superior', 'RAS'),
  ...frame(lpsToRas(IDENTITY), 'left-posterior-superior', 'LPS'),
  ...frame([-1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1], 'left-anterior-superior', 'LAS'),
};

const UNIT_MM: Readonly<Record<string, number>> = { mm: 1, cm: 10, m: 1000, um: 0.001, µm: 0.001 };

/** Largest header that is looked for. */
export const MAX_HEADER_BYTES = 64 * 1024;
/** Most lines or bytes in front of the voxels: another format's header. */
const MAX_SKIP = 64 * 1024 * 1024;

/**
 * Parses the first bytes of a NRRD file.
 * @throws FedvoxError `not-nrrd`, `unusable-header`, `planar`, `more-than-3d`, `too-large`
 */
export function parseNrrdHeader(path: string, bytes: Uint8Array): NrrdHeader {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1');
  if (!/^NRRD000[1-5]\r?\n/.test(text)) {
    throw fail('not-nrrd', { path, reason: 'it does not start with NRRD' });
  }
  const end = /\r?\n\r?\n/.exec(text);
  const fields = parseFields(end === null ? text : text.slice(0, end.index));
  const file = dataFile(path, fields);
  // Only a header by itself may end with its file.
  if (end === null && file === undefined) {
    throw fail('not-nrrd', { path, reason: 'its header has no end' });
  }
  const sampleType = SAMPLE_TYPES[TYPE_CODES[choice(fields, 'type')] ?? -1];
  if (sampleType === undefined) throw unusable(path, 'its type is not a grey scale');
  const grid = gridOf(path, fields);
  const voxels = voxelCount(grid);
  if (voxels > MAX_VOXELS) throw fail('too-large', { what: path, voxels, limit: MAX_VOXELS });
  const compressed = isGzip(path, choice(fields, 'encoding'));
  const byteSkip = skip(path, fields, 'byte skip', compressed ? 0 : -1);
  const data = { lineSkip: skip(path, fields, 'line skip', 0), byteSkip };
  return {
    grid,
    sampleType,
    littleEndian: isLittleEndian(path, fields, sampleType),
    isGzip: compressed,
    data:
      file === undefined
        ? { ...data, offset: (end as RegExpExecArray).index + (end as RegExpExecArray)[0].length }
        : { ...data, offset: 0, file },
  };
}

/** The one file of a detached header's voxels, which is in the same folder. */
function dataFile(path: string, fields: ReadonlyMap<string, string>): string | undefined {
  const file = fields.get('data file') ?? fields.get('datafile');
  if (file === undefined) return undefined;
  if (/^LIST\b/.test(file) || /%\d*d/.test(file)) {
    throw fail('not-nrrd', { path, reason: 'its voxels are in several other files' });
  }
  if (file === '' || /(^|[\\/])\.\.([\\/]|$)|^[\\/]/.test(file)) {
    throw fail('not-nrrd', { path, reason: 'its voxels are in a file outside its folder' });
  }
  return file;
}

function skip(
  path: string,
  fields: ReadonlyMap<string, string>,
  field: 'line skip' | 'byte skip',
  lowest: number,
): number {
  const count = Number(fields.get(field) ?? fields.get(field.replace(' ', '')) ?? 0);
  if (Number.isSafeInteger(count) && count >= lowest && count <= MAX_SKIP) return count;
  throw unusable(path, `its ${field} is not from ${lowest} to ${MAX_SKIP}`);
}

function parseFields(header: string): Map<string, string> {
  const lines = header.split(/\r?\n/).slice(1);
  return new Map(
    lines.flatMap((line): [string, string][] => {
      // `key:=value` is a note of whoever wrote it, not a field, though it be called as one.
      const match = /^([^#:]+):(?!=)\s*(.*)$/.exec(line);
      return match === null ? [] : [[match[1]!.trim().toLowerCase(), match[2]!.trim()]];
    }),
  );
}

function gridOf(path: string, fields: ReadonlyMap<string, string>): Grid {
  const sizes = (fields.get('sizes') ?? '').split(/\s+/).map(Number);
  if (sizes.length < 3) throw fail('planar', { path, dimensions: sizes.length });
  if (sizes.length > 3) throw fail('more-than-3d', { path, dimensions: sizes.length });
  if (!sizes.every((size) => Number.isSafeInteger(size) && size > 0)) {
    throw unusable(path, 'a size is not positive');
  }
  const toRas = TO_RAS[choice(fields, 'space')];
  if (toRas === undefined) throw unusable(path, 'its space is not a patient’s (RAS, LPS or LAS)');
  const [i, j, k] = vectors(path, fields.get('space directions'), 3) as [Vec3, Vec3, Vec3];
  const [origin] = vectors(path, fields.get('space origin'), 1) as [Vec3];
  const inUnits = multiply(toRas, affineFromColumns(i, j, k, origin));
  const unitMm = unitOf(path, fields);
  const affineRas = inUnits.map((value, index) => (index < 12 ? value * unitMm : value));
  if (!isUsable(affineRas)) throw unusable(path, 'its directions are singular');
  return { shape: sizes as unknown as Vec3, affineRas };
}

/** Of positions and directions: millimetres where the header does not say. */
function unitOf(path: string, fields: ReadonlyMap<string, string>): number {
  const units = [...(fields.get('space units') ?? '').matchAll(/"([^"]*)"/g)].map(
    ([, unit]) => unit,
  );
  const [unit = 'mm'] = units;
  const mm = UNIT_MM[unit];
  if (mm !== undefined && units.every((each) => each === unit)) return mm;
  throw unusable(path, 'its space units are not one of mm, cm, m and um for all axes');
}

function vectors(path: string, text: string | undefined, count: number): Vec3[] {
  const found = [...(text ?? '').matchAll(/\(([^)]*)\)/g)].map((match) =>
    (match[1] as string).split(',').map(Number),
  );
  const isComplete =
    found.length === count &&
    found.every((vector) => vector.length === 3 && vector.every(Number.isFinite));
  if (!isComplete) throw unusable(path, 'its space directions or origin are incomplete');
  return found as unknown as Vec3[];
}

/** One of the format's words, which may be written in any case; empty where the field is missing. */
function choice(fields: ReadonlyMap<string, string>, field: string): string {
  return (fields.get(field) ?? '').toLowerCase();
}

/** Which byte of a number comes first has to be said, where it has more than one. */
function isLittleEndian(
  path: string,
  fields: ReadonlyMap<string, string>,
  { bytes }: SampleType,
): boolean {
  const endian = choice(fields, 'endian');
  if (bytes === 1 || endian === 'little') return true;
  if (endian === 'big') return false;
  throw unusable(path, 'its endian is neither little nor big');
}

function isGzip(path: string, encoding: string): boolean {
  if (encoding === 'gzip' || encoding === 'gz') return true;
  if (encoding === 'raw') return false;
  throw unusable(path, 'its encoding is neither raw nor gzip');
}

function unusable(path: string, reason: string): Error {
  return fail('unusable-header', { path, reason });
}

function names(code: number, ...spellings: string[]): Record<string, number> {
  return Object.fromEntries(spellings.map((spelling) => [spelling, code]));
}

function frame(toRas: Affine, ...spellings: string[]): Record<string, Affine> {
  return Object.fromEntries(spellings.map((spelling) => [spelling.toLowerCase(), toRas]));
}
