import { assert } from '@fedvox/base';
import { fail } from '../errors.js';
import {
  checkWritten,
  DTYPE_BYTES,
  encodeHeader,
  type Layout,
  type StoredSpec,
  type TensorEntry,
  type TensorSpec,
} from '../layout.js';
import type { TensorSource } from '../tensor-source.js';
import { bfloat16 } from './bfloat16.js';
import type {
  ElementReader,
  Encoding,
  TensorCodec,
  TensorCodecs,
  ValueReader,
} from './encoding.js';
import { float32 } from './float32.js';
import { int8 } from './int8.js';
import { topK } from './top-k.js';

/** One codec for each kind; another is another file and another row. */
const CODECS: TensorCodecs = { float32, bfloat16, int8, 'top-k': topK };

/** Bytes of a file. */
export type ByteReader = (position: number, byteLength: number) => Promise<Uint8Array<ArrayBuffer>>;

/** The file's tensors by name. */
type Places = ReadonlyMap<string, StoredSpec & TensorEntry>;

function codecOf({ kind }: Encoding): TensorCodec {
  // What an encoding says is what the row of its kind takes, which a lookup cannot express.
  return CODECS[kind] as TensorCodec;
}

/**
 * How a file of these tensors is laid out, to the byte: all of it follows from them and from the encoding.
 * @throws FedvoxError `weights/name-taken`
 */
export function encodedLayout(
  tensors: readonly TensorSpec[],
  encoding: Encoding,
): { readonly header: Uint8Array; readonly layout: Layout } {
  return encodeHeader(storedSpecs(tensors, encoding));
}

function storedSpecs(tensors: readonly TensorSpec[], encoding: Encoding): readonly StoredSpec[] {
  const specs = tensors.flatMap((tensor) => codecOf(encoding).stored(tensor, encoding));
  const names = new Set<string>();
  for (const { name } of specs) {
    if (names.has(name)) throw fail('name-taken', { tensor: name, encoding: encoding.kind });
    names.add(name);
  }
  return specs;
}

function placesOf(tensors: readonly TensorSpec[], encoding: Encoding, layout: Layout): Places {
  const entries = new Map(layout.tensors.map((entry) => [entry.name, entry]));
  return new Map(
    storedSpecs(tensors, encoding).map((spec) => {
      const entry = entries.get(spec.name);
      assert(entry !== undefined, 'a layout has the tensors that it was made of');
      return [spec.name, { ...spec, ...entry }];
    }),
  );
}

/**
 * Writes tensors as an encoding has them, slice by slice; in `float32` the very bytes of `encodeWeights`.
 * @param write takes bytes for their place in the file, in any order
 * @throws FedvoxError `weights/not-encodable` where a value is not finite or too large for the encoding
 */
export async function encodeInto(
  source: TensorSource,
  encoding: Encoding,
  write: (bytes: Uint8Array, position: number) => Promise<void>,
): Promise<Layout> {
  const { header, layout } = encodedLayout(source.tensors, encoding);
  const places = placesOf(source.tensors, encoding, layout);
  await write(header, 0);
  for (const tensor of source.tensors) {
    for await (const piece of codecOf(encoding).encode(tensor, finite(source, tensor), encoding)) {
      const place = places.get(piece.name);
      assert(place !== undefined, 'a codec writes the tensors that it names');
      await write(piece.bytes, place.byteOffset + piece.from * DTYPE_BYTES[place.dtype]);
    }
  }
  return layout;
}

function finite(source: TensorSource, { name }: TensorSpec): ValueReader {
  return async (from, to) => {
    const values = await source.read(name, from, to);
    assert(values.length === to - from, 'a tensor has as many values as its shape says');
    const at = values.findIndex((value) => !Number.isFinite(value));
    if (at !== -1) throw fail('not-encodable', { tensor: name, index: from + at });
    return values;
  };
}

/**
 * The tensors of a file that must be written as `encodeInto` writes them, to the byte of its header. What is
 * read of them follows from these bytes alone; it may be no number, where they say so.
 * @param tensors of the model that the file is of
 * @throws FedvoxError `weights/not-safetensors`, `weights/not-as-written`; the latter from the reader too
 */
export async function decoded(
  tensors: readonly TensorSpec[],
  encoding: Encoding,
  fileByteLength: number,
  readBytes: ByteReader,
): Promise<TensorSource> {
  const specs = storedSpecs(tensors, encoding);
  const layout = await checkWritten(specs, fileByteLength, (length) => readBytes(0, length));
  const places = placesOf(tensors, encoding, layout);
  const readElements: ElementReader = (name, from, to) => {
    const place = places.get(name);
    assert(place !== undefined, 'a codec reads the tensors that it names');
    const bytes = DTYPE_BYTES[place.dtype];
    assert(0 <= from && from <= to && to * bytes <= place.byteLength, 'a slice is of its tensor');
    return readBytes(place.byteOffset + from * bytes, (to - from) * bytes);
  };
  const readers = new Map(
    tensors.map((tensor) => [
      tensor.name,
      codecOf(encoding).decode(tensor, readElements, encoding),
    ]),
  );
  return {
    tensors,
    read: async (name, from, to) => {
      const read = readers.get(name);
      if (read === undefined) throw fail('no-such-tensor', { tensor: name });
      return read(from, to);
    },
  };
}
