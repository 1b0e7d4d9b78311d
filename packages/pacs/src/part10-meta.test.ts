import fc from 'fast-check';
import { expect, it } from 'vitest';
import { readPart10Meta, writePart10Meta } from './part10-meta.js';

const uids = fc
  .array(fc.integer({ min: 0, max: 99_999 }), { minLength: 1, maxLength: 10 })
  .map((parts) => parts.join('.'));

it('reads back what it writes, and where the data set begins', () => {
  fc.assert(
    fc.property(uids, uids, uids, (sopClassUid, sopInstanceUid, transferSyntaxUid) => {
      const meta = { sopClassUid, sopInstanceUid, transferSyntaxUid };
      const head = writePart10Meta(meta);
      const dataSet = Buffer.from([8, 0, 0x16, 0, 0x55, 0x49, 2, 0, 0x31, 0, 0, 0]);
      const file = Buffer.concat([head, dataSet]);
      expect(readPart10Meta(file)).toEqual({ ...meta, dataSetAt: head.length });
      // The group says itself how long it is (PS3.10 7.1).
      expect(head.readUInt32LE(140) + 144).toBe(head.length);
    }),
  );
});

it('does not say where the data set begins that it was not shown', () => {
  const uid = '1.2';
  const head = writePart10Meta({ sopClassUid: uid, sopInstanceUid: uid, transferSyntaxUid: uid });
  expect(readPart10Meta(head.subarray(0, head.length - 4))?.dataSetAt).toBeUndefined();
});
