import { fail } from '../errors.js';
import { elementCount } from '../layout.js';
import {
  inRowMajorOrder,
  type StateTensor,
  stateTensors,
  unreadable,
} from '../state-dict/state-dict.js';
import { MAX_PICKLE_BYTES, unpickle } from '../state-dict/unpickle.js';
import type { Weights, WeightTensor } from '../weights.js';
import { type FileBytes, openBytes, readExactly } from './file-bytes.js';
import { StoredArchive } from './stored-archive.js';

const KIND_BYTES = 4;
/** How a zip file begins, with a file in it or none. */
const ZIP_STARTS = [0x04034b50, 0x06054b50];
const PICKLE_NAME = 'data.pkl';

/**
 * Whether a file is one that torch.save wrote, of whatever age: by its first bytes, which no safetensors
 * file of a bearable header has.
 */
export async function isTorchFile(path: string): Promise<boolean> {
  const bytes = await openBytes(path, 'beside');
  try {
    return (await startKind(bytes)) !== 'other';
  } finally {
    await bytes.close();
  }
}

/**
 * A state dict as PyTorch's torch.save writes it since 1.6: a zip archive with a pickle that says where each
 * tensor lies. Nothing of it is run, and what is no tensor or plain value is refused by name.
 */
export class StateDictFile {
  readonly #bytes: FileBytes;
  readonly #archive: StoredArchive;
  readonly #root: string;

  private constructor(
    bytes: FileBytes,
    archive: StoredArchive,
    root: string,
    /** In the order of the state dict. */
    readonly tensors: readonly StateTensor[],
  ) {
    this.#bytes = bytes;
    this.#archive = archive;
    this.#root = root;
  }

  /**
   * @throws FedvoxError `weights/archive-damaged`, `weights/archive-unsupported`, `weights/pickle-damaged`,
   *   `weights/pickle-not-plain`, `weights/no-state-dict`, `weights/tensor-unreadable`
   */
  static async open(path: string): Promise<StateDictFile> {
    const bytes = await openBytes(path, 'beside');
    try {
      await checkKind(bytes);
      const archive = await StoredArchive.of(bytes);
      const root = rootOf(archive);
      await checkByteOrder(archive, root);
      const tensors = stateTensors(unpickle(await pickleOf(archive, root)));
      for (const tensor of tensors) checkStorage(archive, root, tensor);
      return new StateDictFile(bytes, archive, root, tensors);
    } catch (error) {
      await bytes.close();
      throw error;
    }
  }

  /**
   * Tensors as float32, the nearest to each value where it is none. Memory is that of what is asked for: each
   * is no larger than the file, but many may share a storage.
   * @param tensors of this file's own
   * @throws FedvoxError `weights/archive-damaged`
   */
  async weights(tensors: readonly StateTensor[]): Promise<Weights> {
    const values = new Map<StateTensor, WeightTensor>();
    for (const [storage, sharers] of byStorage(tensors)) {
      for (const [tensor, bytes] of await this.#stretches(storage, sharers)) {
        const data = inRowMajorOrder(tensor.type.toFloat32(bytes), tensor);
        values.set(tensor, { shape: tensor.shape, data });
      }
    }
    return new Map(tensors.map((tensor) => [tensor.name, values.get(tensor) as WeightTensor]));
  }

  /** Reads a storage once, whole, for its checksum's sake. */
  async #stretches(storage: string, tensors: readonly StateTensor[]) {
    const stretches = tensors.map((tensor) => {
      const { valueBytes } = tensor.type;
      const bytes = new Uint8Array(elementCount(tensor.shape) * valueBytes);
      return [tensor, bytes, tensor.offset * valueBytes] as const;
    });
    await this.#archive.readChunks(storageName(this.#root, storage), (chunk, position) => {
      for (const [, bytes, start] of stretches) copyShared(chunk, position, bytes, start);
    });
    return stretches;
  }

  async close(): Promise<void> {
    await this.#bytes.close();
  }
}

function byStorage(tensors: readonly StateTensor[]): ReadonlyMap<string, readonly StateTensor[]> {
  const groups = new Map<string, StateTensor[]>();
  for (const tensor of tensors) {
    const group = groups.get(tensor.storage);
    if (group === undefined) groups.set(tensor.storage, [tensor]);
    else group.push(tensor);
  }
  return groups;
}

/** Copies what two stretches have in common, each known by where it begins. */
function copyShared(from: Uint8Array, fromStart: number, to: Uint8Array, toStart: number): void {
  const start = Math.max(fromStart, toStart);
  const end = Math.min(fromStart + from.length, toStart + to.length);
  if (start < end) to.set(from.subarray(start - fromStart, end - fromStart), start - toStart);
}

async function startKind(bytes: FileBytes): Promise<'zip' | 'pickle' | 'other'> {
  if ((await bytes.size()) < KIND_BYTES) return 'other';
  const start = Buffer.from((await readExactly(bytes, 0, KIND_BYTES)).buffer);
  if (ZIP_STARTS.includes(start.readUInt32LE(0))) return 'zip';
  const [proto, protocol, first] = start as unknown as [number, number, number];
  // A protocol, then the number that older versions put first, or a frame around it.
  const isPickle = proto === 0x80 && protocol <= 5 && [0x8a, 0x95].includes(first);
  return isPickle ? 'pickle' : 'other';
}

async function checkKind(bytes: FileBytes): Promise<void> {
  const kind = await startKind(bytes);
  if (kind === 'pickle') {
    throw fail('archive-unsupported', { found: 'a bare pickle, as PyTorch wrote them before 1.6' });
  }
  if (kind === 'other') throw fail('archive-damaged', { reason: 'it does not begin as one does' });
}

/** The folder that torch.save puts everything into, named after the file. */
function rootOf(archive: StoredArchive): string {
  const { names } = archive;
  const root = names[0]?.split('/')[0] ?? '';
  const stranger = names.find((name) => !name.startsWith(`${root}/`));
  if (stranger !== undefined) {
    throw fail('archive-unsupported', { found: 'a zip file that torch.save did not write' });
  }
  if (names.includes(`${root}/constants.pkl`)) {
    throw fail('archive-unsupported', { found: 'a TorchScript program' });
  }
  return root;
}

async function checkByteOrder(archive: StoredArchive, root: string): Promise<void> {
  const name = `${root}/byteorder`;
  const length = archive.byteLength(name);
  // Versions before 2.1 do not say it: they wrote as their machine has it, and those that train are little-endian.
  if (length === undefined) return;
  const order = length > 6 ? '' : Buffer.from(await archive.read(name)).toString();
  if (order !== 'little')
    throw fail('archive-unsupported', { found: 'values that are big-endian' });
}

async function pickleOf(archive: StoredArchive, root: string): Promise<Uint8Array> {
  const name = `${root}/${PICKLE_NAME}`;
  const length = archive.byteLength(name);
  if (length === undefined) {
    throw fail('archive-unsupported', { found: `a zip file without ${PICKLE_NAME}` });
  }
  if (length > MAX_PICKLE_BYTES) {
    throw fail('pickle-damaged', { reason: `it has ${length} bytes, too many for a state dict` });
  }
  return archive.read(name);
}

/** A storage must be there, and as long as the pickle says. */
function checkStorage(archive: StoredArchive, root: string, tensor: StateTensor): void {
  const { name, storage, storageLength, type } = tensor;
  const length = archive.byteLength(storageName(root, storage));
  if (length === undefined) throw unreadable(name, 'its values are not in the file');
  if (length !== storageLength * type.valueBytes) {
    const reason = `the file has ${length} bytes of its storage, which should have ${storageLength} values of ${type.name}`;
    throw unreadable(name, reason);
  }
}

function storageName(root: string, storage: string): string {
  return `${root}/data/${storage}`;
}
