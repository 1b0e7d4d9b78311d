import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { crc32c } from './crc32c.js';
import { eventRecord, type TrainingEvent } from './event-records.js';

interface Golden {
  readonly wallTimeMs: number;
  readonly records: readonly { readonly event: TrainingEvent; readonly bytes: string }[];
}

const golden: Golden = JSON.parse(
  readFileSync(new URL('golden/events.json', import.meta.url), 'utf8'),
);

/** JSON has no NaN. */
function withNan(event: TrainingEvent): TrainingEvent {
  if (event.kind !== 'scalars') return event;
  const values = Object.entries(event.values).map(([tag, value]) => [tag, value ?? Number.NaN]);
  return { ...event, values: Object.fromEntries(values) };
}

describe('an event’s record', () => {
  it.each(golden.records.map(({ event, bytes }, index) => [index, event, bytes] as const))(
    'has the bytes that TensorBoard’s own writer gives it: %i',
    (_, event, bytes) => {
      const record = eventRecord(withNan(event), golden.wallTimeMs);
      expect(Buffer.from(record).toString('base64')).toBe(bytes);
    },
  );
});

describe('CRC32C', () => {
  it.each([
    ['zeros', new Uint8Array(32), 0x8a9136aa],
    ['ones', new Uint8Array(32).fill(0xff), 0x62a8ab43],
    ['counted', Uint8Array.from({ length: 32 }, (_, at) => at), 0x46dd794e],
  ] as const)('is what RFC 3720 (B.4) gives for bytes of %s', (_, bytes, expected) => {
    expect(crc32c(bytes)).toBe(expected);
  });
});
