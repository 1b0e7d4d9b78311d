import { readFile } from 'node:fs/promises';
import { writeDicomSeries } from '../../dicom-writer/series.js';
import { joined, VARIANTS } from '../part10-variants.js';
import { PATIENT } from '../phantom-case.js';
import { filesWritten, type Specimen } from './specimen.js';

const SLICES = 2;
const PIXEL_DATA_TAG = Buffer.from([0xe0, 0x7f, 0x10, 0x00]);
const ITEM_TAG = Buffer.from([0xfe, 0xff, 0x00, 0xe0]);
const SEQUENCE_END = Buffer.from([0xfe, 0xff, 0xdd, 0xe0, 0, 0, 0, 0]);
const UID_OF = {
  'jpeg-lossless': '1.2.840.10008.1.2.4.57',
  'jpeg-baseline': '1.2.840.10008.1.2.4.50',
} as const;

interface Golden {
  readonly rows: number;
  readonly columns: number;
  readonly cases: readonly {
    readonly encoding: keyof typeof UID_OF;
    readonly bits: number;
    readonly encoded: string;
  }[];
}

/** Small series in the transfer syntaxes that our writer does not write. */
export async function compressedPhantoms(): Promise<Specimen[]> {
  // Beside the source, whether this runs from there or compiled.
  const goldenUrl = new URL('../../../src/dicom/codecs/jpeg.golden.json', import.meta.url);
  const golden: Golden = JSON.parse(await readFile(goldenUrl, 'utf8'));
  const first = (kind: { encoding: string; bits: number }) =>
    golden.cases.find((each) => each.encoding === kind.encoding && each.bits === kind.bits);
  const chosen = golden.cases.filter((each) => each === first(each));
  const jpegs = chosen.map(async ({ encoding, bits, encoded }) => ({
    name: `${encoding} phantom of ${bits} bits`,
    files: await series(golden, bits, (file) =>
      encapsulating(file, UID_OF[encoding], Buffer.from(encoded, 'base64')),
    ),
  }));
  const variants = Object.entries(VARIANTS).map(async ([name, change]) => ({
    name: `phantom stored ${name}`,
    files: await series(golden, 12, change),
  }));
  return [...(await Promise.all(variants)), ...(await Promise.all(jpegs))];
}

async function series(
  { rows, columns }: Golden,
  storedBits: number,
  change: (file: Buffer) => Uint8Array,
): Promise<Map<string, Uint8Array>> {
  const shape = [columns, rows, SLICES] as const;
  const data = Float32Array.from({ length: columns * rows * SLICES }, (_, at) => at);
  const affineRas = [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 2, 0, 0, 0, 0, 1];
  const options = {
    ...PATIENT,
    identity: 'fuzz',
    modality: 'CT',
    createdAt: new Date(0),
    storedBits,
  } as const;
  const sound = await filesWritten((folder) =>
    writeDicomSeries(folder, { shape, affineRas, data }, options),
  );
  return new Map([...sound].map(([name, bytes]) => [name, change(Buffer.from(bytes))]));
}

/** The file with its pixels in one compressed fragment (PS3.5 A.4). */
function encapsulating(file: Buffer, syntaxUid: string, frame: Buffer): Buffer {
  const head = Buffer.concat([PIXEL_DATA_TAG, Buffer.from('OB\0\0', 'latin1'), uint32(0xffffffff)]);
  const padded = frame.length % 2 === 0 ? frame : Buffer.concat([frame, Buffer.alloc(1)]);
  const items = [ITEM_TAG, uint32(0), ITEM_TAG, uint32(padded.length), padded, SEQUENCE_END];
  return joined(file, syntaxUid, (dataSet) => {
    const pixelData = dataSet.lastIndexOf(PIXEL_DATA_TAG);
    return Buffer.concat([dataSet.subarray(0, pixelData), head, ...items]);
  });
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}
