import { crc32 } from 'node:zlib';

/** A zip file's entries, in order. */
export type ZipContent = readonly (readonly [name: string, bytes: Uint8Array])[];

const SATURATED = 0xffffffff;

/**
 * A zip file of stored entries.
 * @param zip64 whether every size and place stands in ZIP64's fields, as they do beyond 4 GiB
 * @param firstOffset where its entries begin, if they are to lie behind a hole of the file
 */
export function zipOf(content: ZipContent, { zip64 = false, firstOffset = 0 } = {}): Buffer {
  const [parts, directory]: [Buffer[], Buffer[]] = [[], []];
  let offset = firstOffset;
  for (const [name, bytes] of content) {
    const local = localHeader(name, bytes);
    parts.push(local, Buffer.from(bytes));
    directory.push(directoryEntry(name, bytes, offset, zip64));
    offset += local.length + bytes.length;
  }
  const entries = Buffer.concat(directory);
  return Buffer.concat([...parts, entries, endOf(content.length, entries.length, offset, zip64)]);
}

function localHeader(name: string, bytes: Uint8Array): Buffer {
  const header = Buffer.alloc(30);
  header.writeUInt32LE(0x04034b50, 0);
  header.writeUInt32LE(crc32(bytes), 14);
  header.writeUInt32LE(bytes.length, 18);
  header.writeUInt32LE(bytes.length, 22);
  header.writeUInt16LE(Buffer.byteLength(name), 26);
  return Buffer.concat([header, Buffer.from(name)]);
}

function directoryEntry(name: string, bytes: Uint8Array, offset: number, zip64: boolean): Buffer {
  const header = Buffer.alloc(46);
  header.writeUInt32LE(0x02014b50, 0);
  header.writeUInt32LE(crc32(bytes), 16);
  header.writeUInt32LE(zip64 ? SATURATED : bytes.length, 20);
  header.writeUInt32LE(zip64 ? SATURATED : bytes.length, 24);
  header.writeUInt16LE(Buffer.byteLength(name), 28);
  header.writeUInt16LE(zip64 ? 28 : 0, 30);
  header.writeUInt32LE(zip64 ? SATURATED : offset, 42);
  const field = Buffer.from([1, 0, 24, 0]);
  const extra = zip64 ? [field, uint64(bytes.length), uint64(bytes.length), uint64(offset)] : [];
  return Buffer.concat([header, Buffer.from(name), ...extra]);
}

function endOf(count: number, byteLength: number, offset: number, zip64: boolean): Buffer {
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(zip64 ? 0xffff : count, 8);
  end.writeUInt16LE(zip64 ? 0xffff : count, 10);
  end.writeUInt32LE(zip64 ? SATURATED : byteLength, 12);
  end.writeUInt32LE(zip64 ? SATURATED : offset, 16);
  if (!zip64) return end;
  const record = Buffer.alloc(24);
  record.writeUInt32LE(0x06064b50, 0);
  record.writeUInt32LE(44, 4);
  const locator = Buffer.alloc(8);
  locator.writeUInt32LE(0x07064b50, 0);
  const numbers = [count, count, byteLength, offset].map(uint64);
  const disks = Buffer.from([1, 0, 0, 0]);
  return Buffer.concat([record, ...numbers, locator, uint64(offset + byteLength), disks, end]);
}

export function uint64(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(value));
  return bytes;
}

/** Parts of pickles, by what each pushes or does. */
export const PICKLE = {
  start: Buffer.from([0x80, 2]),
  stop: Buffer.from('.'),
  mark: Buffer.from('('),
  tuple: Buffer.from('t'),
  emptyTuple: Buffer.from(')'),
  emptyDict: Buffer.from('}'),
  setItems: Buffer.from('u'),
  reduce: Buffer.from('R'),
  build: Buffer.from('b'),
  persistentId: Buffer.from('Q'),
  false: Buffer.from([0x89]),
  text: (text: string) => Buffer.concat([Buffer.from('X'), uint32(text), Buffer.from(text)]),
  global: (module: string, name: string) => Buffer.from(`c${module}\n${name}\n`),
  integer: (value: number) => Buffer.concat([Buffer.from([0x8a, 8]), uint64(value)]),
} as const;

function uint32(text: string): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(Buffer.byteLength(text));
  return bytes;
}

/** What a tensor is to a pickle. */
export interface TensorView {
  readonly type?: string;
  readonly key: string;
  readonly length: number;
  readonly offset?: number;
  readonly shape: readonly number[];
  readonly strides: readonly number[];
}

const tupleOf = (...items: readonly Buffer[]) =>
  Buffer.concat([PICKLE.mark, ...items, PICKLE.tuple]);

/** As torch.save says where a tensor lies. */
export function pickledTensor(view: TensorView): Buffer {
  const { type = 'FloatStorage', key, length, offset = 0, shape, strides } = view;
  const { text, global, integer } = PICKLE;
  const storage = tupleOf(
    ...[text('storage'), global('torch', type), text(key), text('cpu'), integer(length)],
  );
  const hooks = [global('collections', 'OrderedDict'), PICKLE.emptyTuple, PICKLE.reduce];
  return Buffer.concat([
    global('torch._utils', '_rebuild_tensor_v2'),
    tupleOf(
      ...[storage, PICKLE.persistentId],
      ...[integer(offset), tupleOf(...shape.map(integer)), tupleOf(...strides.map(integer))],
      ...[PICKLE.false, ...hooks],
    ),
    PICKLE.reduce,
  ]);
}

/** A pickle of a dict with these values, each as it is pickled, under its name. */
export function pickledDict(entries: Readonly<Record<string, Buffer>>): Buffer {
  const items = Object.entries(entries).flatMap(([name, value]) => [PICKLE.text(name), value]);
  return Buffer.concat([PICKLE.emptyDict, PICKLE.mark, ...items, PICKLE.setItems]);
}

/** A whole pickle. */
export function pickleOf(...parts: readonly Buffer[]): Buffer {
  return Buffer.concat([PICKLE.start, ...parts, PICKLE.stop]);
}

/** What torch.save puts into an archive, by the pickle and the storages' bytes. */
export function torchContent(
  pickle: Uint8Array,
  storages: Readonly<Record<string, Uint8Array>> = {},
): ZipContent {
  return [
    ['archive/data.pkl', pickle],
    ['archive/byteorder', Buffer.from('little')],
    ...Object.entries(storages).map(([key, bytes]) => [`archive/data/${key}`, bytes] as const),
    ['archive/version', Buffer.from('3\n')],
  ];
}
