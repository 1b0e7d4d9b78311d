import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { pixelDecoders } from './codecs/decoders.js';
import { framesOf } from './frame.js';
import { parseDicom } from './part10.js';
import { frameReader } from './pixels.js';
import { decodeSamples, valueScale } from './stored-samples.js';

interface Golden {
  readonly rows: number;
  readonly columns: number;
  readonly cases: readonly {
    readonly name: string;
    readonly file: string;
    readonly frames: readonly (readonly number[])[];
  }[];
}

const golden: Golden = JSON.parse(
  await readFile(new URL('./pixels.golden.json', import.meta.url), 'utf8'),
);

/** Values of each frame of a file, as a series would be read. */
async function decode(bytes: Uint8Array): Promise<number[][]> {
  const file = parseDicom('golden', bytes);
  const frames = framesOf(file);
  const readFrame = frameReader(file, pixelDecoders());
  const decoded: number[][] = [];
  for (const frame of frames) {
    const values = new Float32Array(frame.format.rows * frame.format.columns);
    const samples = await readFrame(frame.frameIndex, frame.format);
    const { bigEndian = false } = file.syntax;
    decodeSamples(samples, frame.format, valueScale(frame), bigEndian, values);
    decoded.push([...values]);
  }
  return decoded;
}

function goldenFile(name: string): Buffer {
  const found = golden.cases.find((each) => each.name === name);
  return Buffer.from(found?.file ?? '', 'base64');
}

describe('decoding what pydicom wrote', () => {
  it.each(golden.cases)('$name: every value is the same', async ({ file, frames }) => {
    const decoded = await decode(Buffer.from(file, 'base64'));
    expect(decoded).toEqual(frames.map((frame) => frame.map(Math.fround)));
  });
});

describe('damaged files', () => {
  it.each(golden.cases)('$name: refused by name wherever it is cut short', async ({ file }) => {
    const whole = Buffer.from(file, 'base64');
    const expected = await decode(whole);
    for (let length = 0; length < whole.length; length += 7) {
      let decoded: number[][];
      try {
        decoded = await decode(whole.subarray(0, length));
      } catch (error) {
        expect(error).toMatchObject({
          code: expect.stringMatching(
            /^imaging\/(not-dicom|corrupt-file|missing-attribute|bad-attribute)$/,
          ),
        });
        continue;
      }
      // Trailing padding may be missing; a pixel may not.
      expect(decoded).toEqual(expected);
    }
  });

  it('refuses a Rows that promises more pixels than there are', async () => {
    const bytes = goldenFile('explicit little endian, signed');
    const rows = bytes.indexOf(Buffer.from([0x28, 0, 0x10, 0, 0x55, 0x53, 2, 0]));
    bytes.writeUInt16LE(60_000, rows + 8);
    await expect(decode(bytes)).rejects.toMatchObject({ code: 'imaging/corrupt-file' });
  });

  it('never names the patient in an error', async () => {
    const bytes = goldenFile('explicit little endian, signed');
    for (let at = 132; at < bytes.length - 70; at += 3) {
      const damaged = Buffer.from(bytes);
      damaged[at]! ^= 0x55;
      try {
        await decode(damaged);
      } catch (error) {
        expect((error as Error).message).not.toContain('Golden');
      }
    }
  });
});
