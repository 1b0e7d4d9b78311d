import { readFile } from 'node:fs/promises';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { pixelDecoders } from './decoders.js';
import type { PixelFormat } from './pixel-format.js';

interface Golden {
  readonly rows: number;
  readonly columns: number;
  readonly cases: readonly {
    readonly name: string;
    readonly encoding: 'jpeg-lossless' | 'jpeg-baseline';
    readonly bits: number;
    readonly encoded: string;
    readonly values: readonly number[];
  }[];
}

const golden: Golden = JSON.parse(
  await readFile(new URL('./jpeg.golden.json', import.meta.url), 'utf8'),
);
const decoders = pixelDecoders();

function formatOf(bits: number, over: Partial<PixelFormat> = {}): PixelFormat {
  const { rows, columns } = golden;
  const bitsAllocated = bits <= 8 ? 8 : 16;
  return {
    rows,
    columns,
    bitsAllocated,
    bitsStored: bits,
    highBit: bits - 1,
    signed: false,
    inverted: false,
    ...over,
  };
}

function samples(bytes: Uint8Array, { bitsAllocated }: PixelFormat): number[] {
  const step = bitsAllocated / 8;
  return Array.from({ length: bytes.length / step }, (_, at) =>
    Buffer.from(bytes).readUIntLE(at * step, step),
  );
}

describe('JPEG frames', () => {
  it.each(golden.cases)(
    '$name: every sample is the same',
    async ({ encoding, bits, encoded, values }) => {
      const bytes = Buffer.from(encoded, 'base64');
      for (const over of [{}, { bitsAllocated: 16 as const }]) {
        const format = formatOf(bits, over);
        const decoded = await decoders.decode('golden', encoding, bytes, format);
        expect(samples(decoded, format)).toEqual(values);
      }
    },
  );

  it.each(golden.cases)(
    '$name: of another size than the file says is refused',
    async ({ encoding, bits, encoded }) => {
      const bytes = Buffer.from(encoded, 'base64');
      for (const over of [{ rows: golden.rows + 1 }, { columns: 3 }]) {
        await expect(
          decoders.decode('golden', encoding, bytes, formatOf(bits, over)),
        ).rejects.toMatchObject({
          code: 'imaging/corrupt-file',
        });
      }
    },
  );
});

describe('damaged frames', () => {
  const encodings = ['rle', 'jpeg-baseline', 'jpeg-lossless', 'jpeg-ls', 'jpeg-2000'] as const;

  it.each(encodings)(
    '%s: noise is refused by name, and the next good frame still decodes',
    async (encoding) => {
      const format = formatOf(8);
      await fc.assert(
        fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), async (bytes) => {
          await expect(decoders.decode('noise', encoding, bytes, format)).rejects.toMatchObject({
            code: 'imaging/corrupt-file',
          });
        }),
        { numRuns: 50 },
      );
      const good = golden.cases.find((each) => each.encoding === encoding);
      if (good === undefined) return;
      await expect(
        decoders.decode(
          'good',
          good.encoding,
          Buffer.from(good.encoded, 'base64'),
          formatOf(good.bits),
        ),
      ).resolves.toHaveLength(
        (golden.rows * golden.columns * formatOf(good.bits).bitsAllocated) / 8,
      );
    },
  );

  it.each(golden.cases)(
    '$name: with bytes changed it decodes to something or is refused by name',
    async (each) => {
      const whole = Buffer.from(each.encoded, 'base64');
      await fc.assert(
        fc.asyncProperty(
          fc.nat(whole.length - 1),
          fc.integer({ min: 1, max: 255 }),
          async (at, mask) => {
            const bytes = Buffer.from(whole);
            bytes[at]! ^= mask;
            const outcome = decoders.decode('damaged', each.encoding, bytes, formatOf(each.bits));
            await expect(outcome.catch((error) => error.code)).resolves.toSatisfy(
              (result) => result === 'imaging/corrupt-file' || result instanceof Uint8Array,
            );
          },
        ),
        { numRuns: 60 },
      );
    },
  );
});

describe('a JPEG 2000 header', () => {
  /** SOC and SIZ (ITU-T T.800 A.5.1) of a 64 × 64 image of 12 bits. */
  function header({ tile = 64, components = 1 }): Buffer {
    const siz = Buffer.alloc(40 + 3 * components);
    siz.writeUInt32BE(0xff4fff51, 0);
    siz.writeUInt16BE(38 + 3 * components, 4);
    for (const at of [8, 12]) {
      siz.writeUInt32BE(64, at);
      siz.writeUInt32BE(tile, at + 16);
    }
    siz.writeUInt16BE(components, 40);
    siz.writeUInt8(11, 42);
    return siz;
  }
  const format = formatOf(12, { rows: 64, columns: 64 });

  it.each([
    ['as many tiles as pixels', { tile: 1 }, 'cut into 4096 tiles'],
    ['tiles of no size', { tile: 0 }, 'cut into Infinity tiles'],
    ['thousands of components', { components: 4000 }, 'of another size'],
  ])('of %s is refused before it is decoded', async (_, forged, reason) => {
    await expect(
      decoders.decode('forged', 'jpeg-2000', header(forged), format),
    ).rejects.toMatchObject({
      code: 'imaging/corrupt-file',
      message: expect.stringContaining(reason),
    });
  });
});
