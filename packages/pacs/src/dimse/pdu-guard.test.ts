import fc from 'fast-check';
import { expect, it } from 'vitest';
import { MAX_PDU_BYTES, PduGuard } from './pdu-guard.js';

function pdu(type: number, length: number): Buffer {
  const head = Buffer.alloc(6);
  head.writeUInt8(type, 0);
  head.writeUInt32BE(length, 2);
  return length > MAX_PDU_BYTES ? head : Buffer.concat([head, Buffer.alloc(length, 0xff)]);
}

/** However the line cut it up. */
function problemIn(bytes: Buffer, chunk: number): string | undefined {
  const guard = new PduGuard();
  for (let at = 0; at < bytes.length; at += chunk) {
    const problem = guard.problem(bytes.subarray(at, at + chunk));
    if (problem !== undefined) return problem;
  }
  return undefined;
}

const pieces = fc.array(fc.tuple(fc.integer({ min: 1, max: 7 }), fc.integer({ min: 0, max: 300 })));
const chunks = fc.integer({ min: 1, max: 64 });

it('lets through whatever follows the rules, wherever the line cuts it', () => {
  fc.assert(
    fc.property(pieces, chunks, (all, chunk) => {
      const bytes = Buffer.concat(all.map(([type, length]) => pdu(type, length)));
      expect(problemIn(bytes, chunk)).toBeUndefined();
    }),
  );
});

it('notices a piece that is too long or none, after any number of good ones', () => {
  const bad = fc.constantFrom(
    ['too-long', pdu(4, MAX_PDU_BYTES + 1)] as const,
    ['too-long', pdu(1, 0xffffffff)] as const,
    ['no-pdu', pdu(0, 10)] as const,
    ['no-pdu', Buffer.from('HTTP/1.1')] as const,
  );
  fc.assert(
    fc.property(pieces, bad, chunks, (good, [problem, bytes], chunk) => {
      const before = good.map(([type, length]) => pdu(type, length));
      expect(problemIn(Buffer.concat([...before, bytes]), chunk)).toBe(problem);
    }),
  );
});
