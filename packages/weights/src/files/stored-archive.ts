import { crc32 } from 'node:zlib';
import { fail } from '../errors.js';
import { type FileBytes, readExactly } from './file-bytes.js';
import { type ArchiveEntry, archiveEntries, LOCAL_HEADER_BYTES } from './zip-directory.js';

const LOCAL_SIGNATURE = 0x04034b50;
/** What of an entry is in memory at once. */
const CHUNK_BYTES = 1 << 20;

/**
 * A zip file whose entries are stored as they are (PKWARE's APPNOTE, ZIP64 too), read in any order. Every
 * size is held against the file's length before it is believed, and entries do not overlap: reading all of
 * them takes no longer than reading the file.
 */
export class StoredArchive {
  readonly #bytes: FileBytes;
  readonly #entries: ReadonlyMap<string, ArchiveEntry>;

  private constructor(bytes: FileBytes, entries: ReadonlyMap<string, ArchiveEntry>) {
    this.#bytes = bytes;
    this.#entries = entries;
  }

  /** @throws FedvoxError `weights/archive-damaged` */
  static async of(bytes: FileBytes): Promise<StoredArchive> {
    return new StoredArchive(bytes, await archiveEntries(bytes));
  }

  get names(): readonly string[] {
    return [...this.#entries.keys()];
  }

  /** Undefined where there is no such entry. */
  byteLength(name: string): number | undefined {
    return this.#entries.get(name)?.byteLength;
  }

  /** A whole entry. @throws FedvoxError as `readChunks` */
  async read(name: string): Promise<Uint8Array> {
    const whole = new Uint8Array(this.#entry(name).byteLength);
    await this.readChunks(name, (chunk, position) => whole.set(chunk, position));
    return whole;
  }

  /**
   * An entry from its beginning to its end, with whose last chunk its checksum must agree.
   * @param take is handed memory that is used again for the next chunk
   * @throws FedvoxError `weights/archive-damaged`, `weights/archive-unsupported` where it is compressed
   */
  async readChunks(
    name: string,
    take: (chunk: Uint8Array, position: number) => void,
  ): Promise<void> {
    const entry = this.#entry(name);
    const start = await this.#dataStart(entry);
    const memory = new Uint8Array(Math.min(CHUNK_BYTES, entry.byteLength));
    let checksum = 0;
    for (let position = 0; position < entry.byteLength; position += memory.length) {
      const chunk = memory.subarray(0, entry.byteLength - position);
      await this.#bytes.fill(chunk, start + position);
      checksum = crc32(chunk, checksum);
      take(chunk, position);
    }
    if (checksum !== entry.crc32) {
      throw damaged(`the checksum of ${name} is not that of its bytes`);
    }
  }

  #entry(name: string): ArchiveEntry {
    const entry = this.#entries.get(name);
    if (entry === undefined) throw damaged(`it has no entry ${name}`);
    const { packing } = entry;
    if (packing !== undefined)
      throw fail('archive-unsupported', { found: `${name} is ${packing}` });
    return entry;
  }

  /** The entry's own header repeats its name, and fills up to where the data begins. */
  async #dataStart({ name, headerOffset, byteLength, limit }: ArchiveEntry): Promise<number> {
    const header = Buffer.from(
      (await readExactly(this.#bytes, headerOffset, LOCAL_HEADER_BYTES)).buffer,
    );
    const [nameLength, extraLength] = [header.readUInt16LE(26), header.readUInt16LE(28)];
    const nameStart = headerOffset + LOCAL_HEADER_BYTES;
    const start = nameStart + nameLength + extraLength;
    const isEntry = header.readUInt32LE(0) === LOCAL_SIGNATURE && start + byteLength <= limit;
    const own = isEntry ? await readExactly(this.#bytes, nameStart, nameLength) : [];
    if (!isEntry || Buffer.from(own).toString() !== name) {
      throw damaged(`${name} does not lie where the directory says`);
    }
    return start;
  }
}

function damaged(reason: string) {
  return fail('archive-damaged', { reason });
}
