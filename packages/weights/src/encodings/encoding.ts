import type { StoredSpec, TensorSpec } from '../layout.js';

/** How a delta's values stand in its file. */
export type Encoding =
  | { readonly kind: 'float32' }
  | { readonly kind: 'bfloat16' }
  | { readonly kind: 'int8' }
  /** Of each stretch of values the largest, so many of them: in (0, 1]. */
  | { readonly kind: 'top-k'; readonly fraction: number };

/** Values [from, to) of one tensor, in row-major order. */
export type ValueReader = (from: number, to: number) => Promise<Float32Array>;
/** Elements [from, to) of a tensor of the file, as they stand there, in memory that nobody else has. */
export type ElementReader = (
  name: string,
  from: number,
  to: number,
) => Promise<Uint8Array<ArrayBuffer>>;

/** Consecutive elements of a tensor of the file. */
export interface Piece {
  readonly name: string;
  /** The first of them. */
  readonly from: number;
  readonly bytes: Uint8Array;
}

/**
 * One way of writing a tensor, slice by slice. What it makes has one form only, and what it reads back
 * is a function of these bytes and the tensor's shape alone.
 */
export interface TensorCodec<Said extends Encoding = Encoding> {
  /** What stands in the file for a tensor of the model. */
  stored(tensor: TensorSpec, encoding: Said): readonly StoredSpec[];
  /** @param read of finite values */
  encode(tensor: TensorSpec, read: ValueReader, encoding: Said): AsyncGenerator<Piece, void>;
  /** @throws FedvoxError from the reader: `weights/not-as-written` */
  decode(tensor: TensorSpec, read: ElementReader, encoding: Said): ValueReader;
}

export type TensorCodecs = {
  readonly [Kind in Encoding['kind']]: TensorCodec<Extract<Encoding, { kind: Kind }>>;
};
