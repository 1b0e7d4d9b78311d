import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { testDataDir } from '@fedvox/base/system';
import { describe, expect, it } from 'vitest';
import { encapsulatedFrame, encapsulatedFrames } from '../encapsulation.js';
import { framesOf } from '../frame.js';
import { parseDicom } from '../part10.js';
import type { PixelEncoding } from '../transfer-syntax.js';
import { pixelDecoders } from './decoders.js';
import type { PixelFormat } from './pixel-format.js';

type Encoding = Exclude<PixelEncoding, 'native'>;

interface Golden {
  readonly rows: number;
  readonly columns: number;
  readonly cases: readonly {
    readonly name: string;
    readonly encoding: Encoding;
    readonly bits: number;
    readonly encoded: string;
  }[];
}

const decoders = pixelDecoders();
const golden: Golden = JSON.parse(
  await readFile(new URL('./jpeg.golden.json', import.meta.url), 'utf8'),
);
const scanners = join(testDataDir() ?? '', 'dicom-real', 'scanners');

interface CodedFrame {
  readonly encoding: Encoding;
  readonly bytes: Uint8Array;
  readonly format: PixelFormat;
}

function goldenFrame(name: string): CodedFrame {
  const { rows, columns, cases } = golden;
  const { encoding, bits, encoded } = cases.find((each) => each.name === name)!;
  const format = {
    rows,
    columns,
    bitsAllocated: bits <= 8 ? 8 : 16,
    bitsStored: bits,
    highBit: bits - 1,
    signed: false,
    inverted: false,
  } as const;
  return { encoding, bytes: Buffer.from(encoded, 'base64'), format };
}

/** The first slice of a real series. */
async function realFrame(vendor: string): Promise<CodedFrame> {
  const folder = join(scanners, vendor, '001');
  const path = join(folder, (await readdir(folder)).sort()[0] as string);
  const file = parseDicom(path, await readFile(path));
  const bytes = encapsulatedFrame(encapsulatedFrames(path, file.bytes, file.pixelData!, 1), 0);
  return { encoding: file.syntax.pixels as Encoding, bytes, format: framesOf(file)[0]!.format };
}

function decode({ encoding, format }: CodedFrame, bytes: Uint8Array): Promise<Uint8Array> {
  return decoders.decode('cut', encoding, bytes, format);
}

/** Cut at these bytes it is refused; padded, as DICOM does to an even length, it is the same image. */
async function expectWholeOrRefused(frame: CodedFrame, lengths: readonly number[]): Promise<void> {
  for (const length of lengths) {
    await expect(decode(frame, frame.bytes.subarray(0, length))).rejects.toMatchObject({
      code: 'imaging/corrupt-file',
    });
  }
  const padded = Buffer.concat([frame.bytes, Buffer.alloc(3)]);
  expect(await decode(frame, padded)).toEqual(await decode(frame, frame.bytes));
}

describe('a compressed frame that is cut short is refused', () => {
  it.each(golden.cases.map(({ name }) => name))('%s', async (name) => {
    const frame = goldenFrame(name);
    await expectWholeOrRefused(frame, [...frame.bytes.keys()]);
  });

  it.skipIf(!existsSync(scanners)).each(['compressed_rle', 'compressed_j2k', 'compressed_jpegls'])(
    '%s',
    async (vendor) => {
      const frame = await realFrame(vendor);
      // The last byte of an odd stream is the padding that DICOM asks for.
      const end = frame.bytes.length - (frame.bytes.at(-1) === 0 ? 1 : 0);
      const places = [0.01, 0.1, 0.25, 0.5, 0.75, 0.9, 0.99];
      const lengths = places.map((part) => Math.floor(part * end));
      await expectWholeOrRefused(frame, [...lengths, end - 3, end - 2, end - 1]);
    },
  );

  it.each(['lossless, selection value 1', 'lossless, 16 bits', 'baseline'])(
    '%s, in the middle, with its end marker behind the cut',
    async (name) => {
      const frame = goldenFrame(name);
      const middle = frame.bytes.subarray(0, Math.floor(0.7 * frame.bytes.length));
      await expect(
        decode(frame, Buffer.concat([middle, Buffer.from([0xff, 0xd9])])),
      ).rejects.toMatchObject({ code: 'imaging/corrupt-file' });
    },
  );
});
