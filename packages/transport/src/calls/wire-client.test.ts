import { describe, expect, it } from 'vitest';
import { isTransientGrpcError } from '../grpc/call-failure.js';
import type { Transport } from './transport.js';
import { WireClient } from './wire-client.js';

/** A line whose other end answers every question with the same message. */
function answering(response: object): WireClient {
  const transport: Pick<Transport, 'unary'> = {
    unary: <_Request, Response>() => Promise.resolve(response as Response),
  };
  return new WireClient(transport as Transport);
}

describe('a call', () => {
  it('whose answer was malformed is named so, and is not tried again', async () => {
    const client = answering({ statementSha256: Buffer.of(1, 2, 3), offset: 0 });
    const envelope = {
      payload: Buffer.of(1),
      payloadType: 'x',
      signatures: [{ keyid: 'x', sig: Buffer.of(1) }],
    };
    const error = await client.beginUpload(envelope).catch((caught: unknown) => caught);
    expect(error).toMatchObject({ code: 'protocol/answer-invalid' });
    expect(error).toHaveProperty('message', expect.stringContaining('a digest of 3 bytes'));
    expect(isTransientGrpcError(error)).toBe(false);
  });
});
