import { type FileHandle, open } from 'node:fs/promises';
import { constants, inflateRawSync, inflateSync } from 'node:zlib';
import { FedvoxError } from '@fedvox/base';
import dicomParser, { type ByteArray, type ByteArrayParser, type DataSet } from 'dicom-parser';
import { fail } from '../errors.js';
import { Attributes, TAG } from './attributes.js';
import { missingHead } from './bare-data-set.js';
import { type DataSetEncoding, shownEncoding } from './data-set-encoding.js';
import { type FileMeta, readFileMeta } from './file-meta.js';
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
const IMPLICIT = '1.2.840.10008.1.2';
const EXPLICIT = '1.2.840.10008.1.2.1';
const BIG_ENDIAN = '1.2.840.10008.1.2.2';

/** A class of dicom-parser's that its types call an interface. */
const { DataSet: ParsedDataSet } = dicomParser as unknown as {
  readonly DataSet: new (
    parser: ByteArrayParser,
    bytes: ByteArray,
    elements: DataSet['elements'],
  ) => DataSet;
};

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

/**
 * Parses Part 10 bytes (DICOM PS3.10) up to the pixel data. What the bytes show of their encoding is
 * believed before what the file meta group says of it. Errors as `readDicomHeader`.
 */
export function parseDicom(path: string, storedBytes: Uint8Array): DicomFile {
  const fileBytes = part10Bytes(path, storedBytes);
  const meta = readFileMeta(fileBytes);
  const declared = meta.transferSyntaxUid;
  const isDeflated = declared !== undefined && transferSyntax(declared).deflated === true;
  const bytes = isDeflated ? inflated(path, fileBytes, meta.end) : fileBytes;
  const encoding = shownEncoding(bytes, meta.end) ?? { isExplicit: true, bigEndian: false };
  const dataSet = guardedParse(path, bytes, meta, encoding);
  const attributes = new Attributes(path, dataSet);
  const element = dataSet.elements[TAG.PixelData];
  const isEncapsulated = element?.length === UNDEFINED_LENGTH;
  const syntax = syntaxOf(attributes, declared, encoding, element && { isEncapsulated });
  const file = { path, syntax, attributes, bytes, byteCount: bytes.length };
  if (element === undefined) return file;
  const length = isEncapsulated ? undefined : element.length;
  return { ...file, pixelData: { offset: element.dataOffset, length } };
}

/**
 * The transfer syntax that the bytes follow: the declared one, unless its encoding is another, or its
 * pixels are compressed where those of the file are not (PS3.5 A.4). Which codec compressed pixels are
 * of, only the declaration tells.
 */
function syntaxOf(
  attributes: Attributes,
  declared: string | undefined,
  { isExplicit, bigEndian }: DataSetEncoding,
  pixels: { readonly isEncapsulated: boolean } | undefined,
): TransferSyntax {
  const shown = transferSyntax(bigEndian ? BIG_ENDIAN : isExplicit ? EXPLICIT : IMPLICIT);
  if (declared === undefined) {
    if (pixels?.isEncapsulated === true) attributes.missing('TransferSyntaxUID');
    return shown;
  }
  const syntax = transferSyntax(declared);
  if (syntax.pixels !== 'native')
    return pixels?.isEncapsulated === false && syntax.pixels ? shown : syntax;
  if (pixels?.isEncapsulated === true) {
    const reason = `its pixels are compressed, though it says ${syntax.name}`;
    throw fail('corrupt-file', { path: attributes.path, reason });
  }
  return syntax.deflated === true ? syntax : shown;
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
  meta: FileMeta,
  { isExplicit, bigEndian }: DataSetEncoding,
): DataSet {
  const { bigEndianByteArrayParser, littleEndianByteArrayParser } = dicomParser;
  const parser = bigEndian ? bigEndianByteArrayParser : littleEndianByteArrayParser;
  const dataSet = new ParsedDataSet(parser, bytes, meta.elements);
  const parse = isExplicit
    ? dicomParser.parseDicomDataSetExplicit
    : dicomParser.parseDicomDataSetImplicit;
  try {
    const stream = new dicomParser.ByteStream(parser, bytes, meta.end);
    parse(dataSet, stream, bytes.length, { untilTag: TAG.PixelData });
    return dataSet;
  } catch (cause) {
    // dicom-parser throws strings or errors; the text names only offsets and tags.
    throw fail('corrupt-file', { path, reason: 'its elements do not parse' }, { cause });
  }
}

/** The file with everything after `position` inflated (PS3.5 A.5); some writers add zlib's own head. */
function inflated(path: string, bytes: Uint8Array, position: number): Uint8Array {
  const options = { maxOutputLength: MAX_INFLATED_BYTES, finishFlush: constants.Z_SYNC_FLUSH };
  const deflated = bytes.subarray(position);
  const [cmf = 0, flags = 0] = deflated;
  const hasHead = (cmf & 0x0f) === 8 && (256 * cmf + flags) % 31 === 0;
  try {
    const dataSet = hasHead ? inflateSync(deflated, options) : inflateRawSync(deflated, options);
    return Buffer.concat([bytes.subarray(0, position), dataSet]);
  } catch (cause) {
    throw fail('corrupt-file', { path, reason: 'it does not inflate' }, { cause });
  }
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
