import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { chunkBuffer, downloadResponseCodec, uploadRequestCodec } from './chunk-codec.js';
import type { Codec } from './codec.js';
import { DownloadResponse, UploadRequest } from './generated/fedvox/v1/federation.js';
import { FEDERATION } from './methods.js';

const bytes = fc.uint8Array({ maxLength: 300 }).map((each) => Buffer.from(each));
const offset = fc.maxSafeNat();
/** A chunk with room before it, one without, and a part of one with room. */
const chunk = fc.tuple(bytes, fc.nat({ max: 2 })).map(([content, kind]) => {
  if (kind === 0) return content;
  const roomy = chunkBuffer(content.length + 3);
  content.copy(roomy, kind === 1 ? 0 : 3);
  return kind === 1 ? roomy.subarray(0, content.length) : roomy.subarray(3);
});

describeMessage('DownloadResponse', downloadResponseCodec, DownloadResponse, {
  totalBytes: offset,
  chunk,
});
describeMessage('UploadRequest', uploadRequestCodec, UploadRequest, {
  statementSha256: bytes,
  offset,
  chunk,
});

function describeMessage<Message>(
  name: string,
  ours: Codec<Message>,
  generated: Codec<Message>,
  fields: { [Key in keyof Message]: fc.Arbitrary<Message[Key]> },
): void {
  const messages = fc.record(fields) as fc.Arbitrary<Message>;

  describe(`${name}, which carries a chunk`, () => {
    it('has the bytes that the generated code gives it, wherever its chunk lies', () => {
      fc.assert(
        fc.property(messages, (message) => {
          const expected = Buffer.from(generated.encode(message).finish());
          expect(Buffer.from(ours.encode(message).finish()).equals(expected)).toBe(true);
          expect(ours.decode(expected)).toEqual(generated.decode(expected));
        }),
      );
    });

    it('is read from any bytes as by the generated code, or refused as by it', () => {
      const outcome = (codec: Codec<Message>, data: Uint8Array) => {
        try {
          return { message: codec.decode(data) };
        } catch (error) {
          return { error: (error as Error).message };
        }
      };
      const changes = fc.array(fc.tuple(fc.nat(), fc.nat({ max: 255 })), { maxLength: 3 });
      const spoilt = fc.tuple(messages, changes, fc.nat()).map(([message, changed, cut]) => {
        const data = Buffer.from(generated.encode(message).finish());
        for (const [at, value] of changed) if (data.length > 0) data[at % data.length] = value;
        return data.subarray(0, data.length - (cut % 4));
      });
      const tail = fc.uint8Array({ maxLength: 12 });
      fc.assert(
        fc.property(spoilt, tail, (data, more) => {
          const whole = Buffer.concat([data, more]);
          expect(outcome(ours, whole)).toEqual(outcome(generated, whole));
        }),
        { numRuns: 500 },
      );
    });
  });
}

describe('a chunk', () => {
  it('is copied neither into its message nor out of it', () => {
    const roomy = chunkBuffer(1_000).fill(7);
    const message = uploadRequestCodec
      .encode({ statementSha256: Buffer.alloc(32, 1), offset: 2 ** 40, chunk: roomy })
      .finish();
    expect(message.buffer).toBe(roomy.buffer);
    expect(uploadRequestCodec.decode(message).chunk.buffer).toBe(roomy.buffer);
  });

  it('goes by these on the wire', () => {
    expect(FEDERATION.download.response).toBe(downloadResponseCodec);
    expect(FEDERATION.upload.request).toBe(uploadRequestCodec);
  });
});
