import { maskedCrc32c } from './crc32c.js';

/** What TensorBoard reads: TensorFlow's `Event` (`tensorflow/core/util/event.proto`), as far as it is written here. */
export type TrainingEvent =
  /** The first of every file. */
  | { readonly kind: 'version' }
  /** A training begins, or goes on: what was written of this step and of later ones is void. */
  | { readonly kind: 'start'; readonly step: number }
  | {
      readonly kind: 'scalars';
      readonly step: number;
      readonly values: Readonly<Record<string, number>>;
    };

const VERSION = 'brain.Event:2';
/** Of fields, by how they are written (protobuf's wire types). */
const VARINT = 0;
const FIXED_64 = 1;
const DELIMITED = 2;
const FIXED_32 = 5;

/** `SessionLog.SessionStatus.START`. */
const START = 1;

/** An event as a TFRecord: length, its checksum, the bytes, their checksum. */
export function eventRecord(event: TrainingEvent, wallTimeMs: number): Uint8Array {
  const data = eventBytes(event, wallTimeMs);
  const record = Buffer.alloc(data.length + 16);
  record.writeBigUInt64LE(BigInt(data.length), 0);
  record.writeUInt32LE(maskedCrc32c(record.subarray(0, 8)), 8);
  record.set(data, 12);
  record.writeUInt32LE(maskedCrc32c(data), 12 + data.length);
  return record;
}

function eventBytes(event: TrainingEvent, wallTimeMs: number): Uint8Array {
  const wallTime = Buffer.alloc(8);
  wallTime.writeDoubleLE(wallTimeMs / 1_000);
  const head = Buffer.concat([key(1, FIXED_64), wallTime]);
  switch (event.kind) {
    case 'version':
      return Buffer.concat([head, delimited(3, Buffer.from(VERSION))]);
    case 'start': {
      const status = Buffer.concat([key(1, VARINT), varint(START)]);
      return Buffer.concat([head, step(event.step), delimited(7, status)]);
    }
    case 'scalars': {
      const values = Object.entries(event.values).map((each) => delimited(1, scalar(...each)));
      const summary = delimited(5, Buffer.concat(values));
      return Buffer.concat([head, step(event.step), summary]);
    }
  }
}

/** `Summary.Value`, with a `simple_value`. */
function scalar(tag: string, value: number): Uint8Array {
  const simple = Buffer.alloc(4);
  simple.writeFloatLE(value);
  return Buffer.concat([delimited(1, Buffer.from(tag)), key(2, FIXED_32), simple]);
}

/** As proto3 has it, 0 is what is not written. */
const step = (value: number) =>
  value === 0 ? Buffer.alloc(0) : Buffer.concat([key(2, VARINT), varint(value)]);

const key = (field: number, wireType: number) => varint((field << 3) | wireType);

const delimited = (field: number, bytes: Uint8Array) =>
  Buffer.concat([key(field, DELIMITED), varint(bytes.length), bytes]);

/** Seven bits a byte, the lowest first. */
function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) + 128);
  return Buffer.from([...bytes, rest]);
}
