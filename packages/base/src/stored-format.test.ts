import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { readStored, type StoredFormat, writeStored } from './stored-format.js';

interface Ward {
  readonly name: string;
  readonly beds: number;
}

/** Version 1 held the beds as a text, version 2 held no name. */
const wards: StoredFormat<Ward> = {
  schema: z.strictObject({ name: z.string(), beds: z.number().int() }),
  migrations: [
    ({ beds }: { beds: string }) => ({ beds: Number.parseInt(beds, 10) }),
    ({ beds }: { beds: number }) => ({ name: 'ward', beds }),
  ],
};
const read = (value: unknown) => readStored(JSON.stringify(value), wards);

describe('what is stored', () => {
  it('says its version, and is read as it was written', () => {
    const text = writeStored({ name: 'west', beds: 12 }, wards);
    expect(JSON.parse(text)).toEqual({ version: 3, name: 'west', beds: 12 });
    expect(readStored(text, wards)).toEqual({ kind: 'read', value: { name: 'west', beds: 12 } });
  });

  it('of an older version is brought forward one version after the other', () => {
    const ward = { kind: 'read', value: { name: 'ward', beds: 12 } };
    expect(read({ beds: '12' })).toEqual(ward);
    expect(read({ version: 1, beds: '12' })).toEqual(ward);
    expect(read({ version: 2, beds: 12 })).toEqual(ward);
  });

  it('of a newer version is told from what is damaged, whatever else it holds', () => {
    const newer = { kind: 'too-new', version: 4, known: 3 };
    expect(read({ version: 4 })).toEqual(newer);
    expect(read({ version: 4, name: 'west', beds: 12, nurses: [] })).toEqual(newer);
  });

  it.each([
    ['no JSON', '{"version":3,'],
    ['no object', 'null'],
    ['of a version that is no number', '{"version":"3","name":"west","beds":12}'],
    ['of version 0', '{"version":0,"name":"west","beds":12}'],
    ['without a member', '{"version":3,"name":"west"}'],
    ['with a member too many', '{"version":3,"name":"west","beds":12,"nurses":3}'],
    ['of an older version that a migration cannot read', '{"version":1,"beds":{}}'],
  ])('is damaged where it is %s', (_, text) => {
    expect(readStored(text, wards)).toEqual({ kind: 'damaged', reason: expect.any(String) });
  });

  it('of any other text is damaged or too new, and never crashes the reader', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
        expect(readStored(text, wards).kind).not.toBe('read');
      }),
    );
  });
});
