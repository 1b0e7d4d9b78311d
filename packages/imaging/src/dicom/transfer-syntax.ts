import type { CodedPixels } from './codecs/decoders.js';

/** How the pixels of a transfer syntax are stored; `native` ones are plain arrays of samples. */
export type PixelEncoding = 'native' | CodedPixels;

export interface TransferSyntax {
  readonly uid: string;
  readonly name: string;
  /** Absent where this version has no decoder. */
  readonly pixels?: PixelEncoding;
  readonly bigEndian?: boolean;
  readonly deflated?: boolean;
}

const SYNTAXES: readonly TransferSyntax[] = [
  { uid: '1.2.840.10008.1.2', name: 'Implicit VR Little Endian', pixels: 'native' },
  { uid: '1.2.840.10008.1.2.1', name: 'Explicit VR Little Endian', pixels: 'native' },
  {
    uid: '1.2.840.10008.1.2.1.99',
    name: 'Deflated Explicit VR Little Endian',
    pixels: 'native',
    deflated: true,
  },
  {
    uid: '1.2.840.10008.1.2.2',
    name: 'Explicit VR Big Endian',
    pixels: 'native',
    bigEndian: true,
  },
  { uid: '1.2.840.10008.1.2.4.50', name: 'JPEG Baseline (Process 1)', pixels: 'jpeg-baseline' },
  { uid: '1.2.840.10008.1.2.4.51', name: 'JPEG Extended (Process 2 and 4)' },
  { uid: '1.2.840.10008.1.2.4.57', name: 'JPEG Lossless (Process 14)', pixels: 'jpeg-lossless' },
  {
    uid: '1.2.840.10008.1.2.4.70',
    name: 'JPEG Lossless (Process 14, Selection Value 1)',
    pixels: 'jpeg-lossless',
  },
  { uid: '1.2.840.10008.1.2.4.80', name: 'JPEG-LS Lossless', pixels: 'jpeg-ls' },
  { uid: '1.2.840.10008.1.2.4.81', name: 'JPEG-LS Near-lossless', pixels: 'jpeg-ls' },
  { uid: '1.2.840.10008.1.2.4.90', name: 'JPEG 2000 Lossless', pixels: 'jpeg-2000' },
  { uid: '1.2.840.10008.1.2.4.91', name: 'JPEG 2000', pixels: 'jpeg-2000' },
  { uid: '1.2.840.10008.1.2.4.201', name: 'High-Throughput JPEG 2000 Lossless' },
  { uid: '1.2.840.10008.1.2.4.202', name: 'High-Throughput JPEG 2000 Lossless RPCL' },
  { uid: '1.2.840.10008.1.2.4.203', name: 'High-Throughput JPEG 2000' },
  { uid: '1.2.840.10008.1.2.5', name: 'RLE Lossless', pixels: 'rle' },
];

/** UIDs of those whose pixels are decoded: what an archive may be asked for. */
export const DECODED_SYNTAX_UIDS: readonly string[] = SYNTAXES.flatMap(({ uid, pixels }) =>
  pixels === undefined ? [] : [uid],
);

const BY_UID = new Map(SYNTAXES.map((syntax) => [syntax.uid, syntax]));

/** The syntax of a UID (DICOM PS3.6 A); one we have not heard of is named by its UID. */
export function transferSyntax(uid: string): TransferSyntax {
  return BY_UID.get(uid) ?? { uid, name: `transfer syntax ${uid}` };
}
