import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { boundaryOf, type MultipartLimits, readMultipart } from './multipart-reader.js';
import { BOUNDARY, multipart } from './testing/scripted-archive.js';

const LIMITS: MultipartLimits = {
  maxParts: 8,
  maxHeaderBytes: 256,
  maxPartBytes: 4096,
  maxTotalBytes: 16_384,
};

async function* inChunks(body: Buffer, size: number) {
  for (let at = 0; at < body.length; at += size) yield body.subarray(at, at + size);
}

async function partsOf(body: Buffer, chunkSize = body.length, limits = LIMITS): Promise<Buffer[]> {
  const parts: Buffer[][] = [];
  for await (const event of readMultipart(inChunks(body, chunkSize), BOUNDARY, limits)) {
    if (event.kind === 'part') parts.push([]);
    if (event.kind === 'data') parts.at(-1)?.push(Buffer.from(event.bytes));
  }
  return parts.map((pieces) => Buffer.concat(pieces));
}

describe('a multipart body', () => {
  it('comes apart into its parts, however it is cut up on the way', async () => {
    // Made to look like delimiters that never get finished.
    const piece = fc.constantFrom('\r\n', '--', '\r\n--', '\r', 'the-', 'pixels', '\0');
    const part = fc.array(piece, { maxLength: 20 }).map((pieces) => Buffer.from(pieces.join('')));
    await fc.assert(
      fc.asyncProperty(
        fc.array(part, { minLength: 1, maxLength: 4 }),
        fc.integer({ min: 1, max: 64 }),
        async (parts, chunkSize) => {
          expect(await partsOf(multipart(parts), chunkSize)).toEqual(parts);
        },
      ),
    );
  });

  it('may have a preamble, blanks after a delimiter, an empty header and an epilogue', async () => {
    const text = `hello\r\n--${BOUNDARY} \t\r\n\r\none\r\n--${BOUNDARY}--\r\ngood bye`;
    expect(await partsOf(Buffer.from(text), 1)).toEqual([Buffer.from('one')]);
  });

  it('is refused when it ends early, wherever that is', async () => {
    const whole = multipart([Buffer.from('one'), Buffer.from('two')]);
    const end = whole.indexOf(`--${BOUNDARY}--`) + `--${BOUNDARY}--`.length;
    for (let length = 0; length < end; length++) {
      await expect(partsOf(whole.subarray(0, length))).rejects.toMatchObject({ kind: 'truncated' });
    }
  });

  it.each([
    ['parts', Array.from({ length: 9 }, () => Buffer.from('x'))],
    ['bytes', [Buffer.alloc(4097)]],
    ['bytes', Array.from({ length: 5 }, () => Buffer.alloc(4000))],
  ] as const)('is refused when it has too many %s', async (unit, parts) => {
    for (const chunkSize of [1, 1000, 100_000]) {
      await expect(partsOf(multipart(parts), chunkSize)).rejects.toMatchObject({
        kind: 'too-large',
        unit,
      });
    }
  });

  it('is refused when a header or a preamble has no end', async () => {
    const endless = Buffer.from(`\r\n--${BOUNDARY}\r\nX: ${'x'.repeat(1000)}`);
    await expect(partsOf(endless, 10)).rejects.toMatchObject({ kind: 'too-large' });
    await expect(partsOf(Buffer.alloc(1000), 10)).rejects.toMatchObject({ kind: 'too-large' });
  });

  it('is refused when a delimiter runs on', async () => {
    const text = `\r\n--${BOUNDARY}er\r\n\r\none\r\n--${BOUNDARY}--`;
    await expect(partsOf(Buffer.from(text))).rejects.toMatchObject({ kind: 'malformed' });
  });
});

describe('the boundary', () => {
  it.each([
    ['multipart/related; boundary=abc', 'abc'],
    ['Multipart/Related; type="application/dicom"; Boundary="a b"', 'a b'],
    ['multipart/related; boundary=abc; type="application/dicom"', 'abc'],
    ['multipart/related', undefined],
    ['multipart/related; boundary=', undefined],
    [`multipart/related; boundary=${'a'.repeat(71)}`, undefined],
    ['text/html; boundary=abc', undefined],
    [undefined, undefined],
  ])('of %s is %s', (contentType, boundary) => {
    expect(boundaryOf(contentType)).toBe(boundary);
  });
});
