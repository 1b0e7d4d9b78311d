import { createHash } from 'node:crypto';
import {
  addsUpFinite,
  atWorkbench,
  checkDelta,
  readInto,
  VALUES_PER_BLOCK,
} from '@fedvox/aggregation';
import { isFedvoxError, keepRecent, type Sha256 } from '@fedvox/base';
import { type EncodingSpec, PLAIN } from '@fedvox/job';
import { refuse, type UpdateStatement } from '@fedvox/protocol';
import { elementCount, encodedLayout, encodeHeader } from '@fedvox/weights';
import {
  type FileBytes,
  openBytes,
  openEncoded,
  type ReadingMode,
  WeightsFile,
} from '@fedvox/weights/files';

const FLOAT_BYTES = 4;
/** Base models of rounds under way. */
const MAX_REMEMBERED = 16;

/** A delta that has arrived whole, what its statement says of it, and what it was trained from. */
export interface ArrivedDelta {
  readonly path: string;
  readonly delta: NonNullable<UpdateStatement['delta']>;
  readonly basePath: string;
  readonly encoding: EncodingSpec;
}

/** How long a delta for this base model is, to the byte: of the same tensors, as the job has it encoded. */
export async function deltaByteLength(
  basePath: string,
  encoding: EncodingSpec = PLAIN,
): Promise<number> {
  const base = await WeightsFile.open(basePath);
  await base.close();
  return encodedLayout(base.tensors, encoding).layout.byteLength;
}

/**
 * Checks deltas that have arrived whole against their statements and base models, before anybody is told
 * that they were accepted. Their headers are compared with the one that they must have, and never parsed: so
 * nothing travels in them but the tensors, and nobody is kept busy by one.
 *
 * The file is read once, for its digest and for its largest magnitude alike. Only where that and the base
 * model's together may be too much are the two added up, value by value; so are they where the file holds no
 * float32.
 */
export class DeltaChecks {
  readonly #mode: ReadingMode;
  /** Of base models, by their path: a blob never changes. */
  readonly #magnitudes = new Map<string, number>();

  constructor(mode: ReadingMode) {
    this.#mode = mode;
  }

  /**
   * @throws FedvoxError `refused/delta-digest-mismatch`, `delta-not-safetensors`, `delta-shape-mismatch`,
   *   `delta-not-finite`
   */
  async check({ path, delta, basePath, encoding }: ArrivedDelta): Promise<void> {
    const base = await WeightsFile.open(basePath, this.#mode);
    try {
      const { sha256, magnitude } = await this.#survey(path, base);
      if (sha256 !== delta.sha256) throw refuse('delta-digest-mismatch');
      const file = await openEncoded(path, base.tensors, encoding, this.#mode);
      try {
        const isPlain = encoding.kind === 'float32';
        const mayBeTooLarge =
          !isPlain || !addsUpFinite(await this.#magnitudeOf(basePath, base), magnitude);
        if (mayBeTooLarge) await checkDelta(base, file);
      } finally {
        await file.close();
      }
    } catch (error) {
      throw refusalOf(error);
    } finally {
      await base.close();
    }
  }

  /** The digest of the whole file, and the largest magnitude of what stands where the values must. */
  async #survey(path: string, { tensors }: WeightsFile) {
    const file = await openBytes(path, this.#mode);
    try {
      return await survey(file, encodeHeader(tensors).header.length);
    } finally {
      await file.close();
    }
  }

  async #magnitudeOf(path: string, file: WeightsFile): Promise<number> {
    const known = this.#magnitudes.get(path);
    if (known !== undefined) return known;
    const magnitude = await magnitudeOf(file);
    keepRecent(this.#magnitudes, path, magnitude, MAX_REMEMBERED);
    return magnitude;
  }
}

async function survey(
  file: FileBytes,
  headerBytes: number,
): Promise<{ sha256: Sha256; magnitude: number }> {
  const size = await file.size();
  const hash = createHash('sha256');
  const header = new Uint8Array(Math.min(headerBytes, size));
  await file.fill(header, 0);
  hash.update(header);
  const magnitude = await atWorkbench(async (bench) => {
    let largest = 0;
    for (let at = header.length; at < size; at += VALUES_PER_BLOCK * FLOAT_BYTES) {
      const length = Math.min(VALUES_PER_BLOCK * FLOAT_BYTES, size - at);
      const block = new Uint8Array(bench.values.buffer, bench.values.byteOffset, length);
      await file.fill(block, at);
      hash.update(block);
      largest = Math.max(largest, bench.magnitude(Math.floor(length / FLOAT_BYTES)));
    }
    return largest;
  });
  return { sha256: hash.digest('hex'), magnitude };
}

function magnitudeOf(file: WeightsFile): Promise<number> {
  return atWorkbench(async (bench) => {
    let largest = 0;
    for (const { name, shape } of file.tensors) {
      const count = elementCount(shape);
      for (let from = 0; from < count; from += VALUES_PER_BLOCK) {
        const to = Math.min(from + VALUES_PER_BLOCK, count);
        await readInto(file, bench.values, name, from, to);
        largest = Math.max(largest, bench.magnitude(to - from));
      }
    }
    return largest;
  });
}

function refusalOf(error: unknown): unknown {
  if (!isFedvoxError(error)) return error;
  switch (error.code) {
    case 'weights/not-safetensors':
      return refuse('delta-not-safetensors', { reason: error.message });
    case 'weights/not-as-written':
    case 'aggregation/tensor-missing':
    case 'aggregation/tensor-unexpected':
    case 'aggregation/shape-mismatch':
      return refuse('delta-shape-mismatch', { reason: error.message });
    case 'aggregation/not-finite':
      return refuse('delta-not-finite', { tensor: String(error.details['tensor']) });
    default:
      return error;
  }
}
