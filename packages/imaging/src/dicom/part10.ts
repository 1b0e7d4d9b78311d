import { type FileHandle, open } from 'node:fs/promises';
import { constants, inflateRawSync } from 'node:zlib';
import { FedvoxError } from '@fedvox/base';
import dicomParser, { type DataSet } from 'dicom-parser';
import { fail } from '../errors.js';
import { Attributes, TAG } from './attributes.js';
import { missingHead } from './bare-data-set.js';
import { type TransferSyntax, transferSyntax } from './transfer-syntax.js';

/** Where the pixel data of a parsed file starts, and its declared length. */
export interface PixelDataElement {
  readonly offset: number;
  /** Bytes, or `undefined` for encapsulated (compressed) pixels, whose fragments carry their own. */
  readonly length: number | undefined;
}

/** A DICOM Part 10 file, parsed up to its pixel data. */
export interface DicomFile {
  readonly path: string;
  readonly syntax: TransferSyntax;
  readonly attributes: Attributes;
  /** The file as parsed: whole if `readDicom` read it, inflated where it was deflated, its head never missing. */
  readonly bytes: Uint8Array;
  /** Length of the whole file (inflated), of which `bytes` may be a prefix. */
  readonly byteCount: number;
  readonly pixelData?: PixelDataElement;
}

const PREAMBLE_BYTES = 132;
/** Enough for the header of nearly every classic image; longer ones cost a second read. */
const HEADER_PREFIX_BYTES = 64 * 1024;
/** Largest file taken whole; a 512×512×2,000 enhanced CT has 1 GiB. */
const MAX_FILE_BYTES = 4 * 1024 ** 3;
/** A deflated data set may grow this much, zlib's own ceiling; guards against forged sizes. */
const MAX_INFLATED_BYTES = 1024 ** 3;
const UNDEFINED_LENGTH = 0xffffffff;

/**
 * Reads and parses a file's header, without its pixels where the file is large.
 * @throws FedvoxError `not-dicom`, `corrupt-file`
 */
export async function readDicomHeader(path: string): Promise<DicomFile> {
  return withFile(path, async (file) => {
    const { size } = await file.stat();
    const prefix = await fill(file, Buffer.allocUnsafe(Math.min(size, HEADER_PREFIX_BYTES)));
    const isDicom = isPart10(prefix) || missingHead(prefix) !== undefined;
    if (prefix.length === size || !isDicom) return parseDicom(path, prefix);
    const header = headerWithin(path, prefix, size);
    return header ?? parseDicom(path, await readWhole(path, file, size));
  });
}

/**
 * Reads and parses a file with its pixels. Errors as `readDicomHeader`.
 * @param buffer memory for the file's bytes, which are good until it is used again
 */
export async function readDicom(
  path: string,
  buffer: ReusableBuffer = new ReusableBuffer(),
): Promise<DicomFile> {
  return withFile(path, async (file) => {
    const { size } = await file.stat();
    return parseDicom(path, await readWhole(path, file, size, buffer));
  });
}

/** Memory that one file after another is read into, so that a series leaves no garbage behind. */
export class ReusableBuffer {
  private memory = Buffer.alloc(0);

  take(byteCount: number): Buffer {
    if (this.memory.length < byteCount) this.memory = Buffer.allocUnsafeSlow(byteCount);
    return this.memory.subarray(0, byteCount);
  }
}

/** The header, if the prefix holds all of it; where it does not, only the whole file can tell why. */
function headerWithin(path: string, prefix: Uint8Array, size: number): DicomFile | undefined {
  try {
    const file = parseDicom(path, prefix);
    const isWhole = file.pixelData !== undefined && file.syntax.deflated !== true;
    const headBytes = file.bytes.length - prefix.length;
    return isWhole ? { ...file, byteCount: size + headBytes } : undefined;
  } catch (error) {
    if (!(error instanceof FedvoxError)) throw error;
    return undefined;
  }
}

/** Parses Part 10 bytes (DICOM PS3.10) up to the pixel data. Errors as `readDicomHeader`. */
export function parseDicom(path: string, storedBytes: Uint8Array): DicomFile {
  const fileBytes = part10Bytes(path, storedBytes);
  const inflated: { bytes?: Uint8Array } = {};
  const dataSet = guardedParse(path, fileBytes, (deflated, position) => {
    inflated.bytes = inflate(deflated, position);
    return inflated.bytes;
  });
  const attributes = new Attributes(path, dataSet);
  const bytes = inflated.bytes ?? fileBytes;
  const element = dataSet.elements[TAG.PixelData];
  const file = {
    path,
    syntax: transferSyntax(attributes.requireText('TransferSyntaxUID')),
    attributes,
    bytes,
    byteCount: bytes.length,
  };
  if (element === undefined) return file;
  const length = element.length === UNDEFINED_LENGTH ? undefined : element.length;
  return { ...file, pixelData: { offset: element.dataOffset, length } };
}

/** The file's bytes, behind the head that an old export may lack. */
function part10Bytes(path: string, bytes: Uint8Array): Uint8Array {
  if (isPart10(bytes)) return bytes;
  const head = missingHead(bytes);
  if (head !== undefined) return Buffer.concat([head, bytes]);
  throw fail('not-dicom', { path, reason: 'it has no DICM mark at byte 128' });
}

function guardedParse(
  path: string,
  bytes: Uint8Array,
  inflater: (bytes: Uint8Array, position: number) => Uint8Array,
): DataSet {
  try {
    return dicomParser.parseDicom(bytes, { untilTag: TAG.PixelData, inflater });
  } catch (thrown) {
    // dicom-parser throws strings, errors, or { exception, dataSet }; the text names only offsets and tags.
    const cause = (thrown as { exception?: unknown }).exception ?? thrown;
    throw fail('corrupt-file', { path, reason: 'its elements do not parse' }, { cause });
  }
}

/** The file with everything after `position` inflated (PS3.5 A.5). */
function inflate(bytes: Uint8Array, position: number): Uint8Array {
  const dataSet = inflateRawSync(bytes.subarray(position), {
    maxOutputLength: MAX_INFLATED_BYTES,
    finishFlush: constants.Z_SYNC_FLUSH,
  });
  return Buffer.concat([bytes.subarray(0, position), dataSet]);
}

function isPart10(bytes: Uint8Array): boolean {
  return (
    bytes.length >= PREAMBLE_BYTES &&
    Buffer.from(bytes.buffer, bytes.byteOffset + 128, 4).toString('latin1') === 'DICM'
  );
}

async function readWhole(
  path: string,
  file: FileHandle,
  size: number,
  buffer = new ReusableBuffer(),
): Promise<Uint8Array> {
  if (size > MAX_FILE_BYTES) {
    throw fail('corrupt-file', { path, reason: `it is larger than ${MAX_FILE_BYTES} bytes` });
  }
  return fill(file, buffer.take(size));
}

async function fill(file: FileHandle, bytes: Buffer): Promise<Uint8Array> {
  const byteCount = bytes.length;
  let filled = 0;
  while (filled < byteCount) {
    const { bytesRead } = await file.read(bytes, filled, byteCount - filled, filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return bytes.subarray(0, filled);
}

async function withFile<T>(path: string, use: (file: FileHandle) => Promise<T>): Promise<T> {
  const file = await open(path).catch((cause: NodeJS.ErrnoException) => {
    throw fail('folder-unreadable', { path, reason: cause.code ?? 'unknown' }, { cause });
  });
  try {
    return await use(file);
  } finally {
    await file.close();
  }
}
