/**
 * The files of a tar archive in the one form that releases have: POSIX ustar, regular files and nothing else.
 * What else tar knows (links, devices, other people's extensions) has no place in a release and is refused.
 */
export interface TarEntry {
  /** Relative, with `/`; neither `.` nor `..` nor empty parts. */
  readonly path: string;
  readonly size: number;
  /** Has to be read to its end before the next entry is asked for. */
  readonly content: AsyncIterable<Uint8Array>;
}

/** What is wrong with an archive, in words, for an error's reason. */
export class NotTar extends Error {
  override readonly name = 'NotTar';
}

const BLOCK = 512;
/** A release has some ten thousand. */
const MAX_ENTRIES = 200_000;

/** @throws NotTar */
export async function* tarEntries(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<TarEntry> {
  const source = new ByteSource(bytes);
  for (let count = 0; ; count++) {
    if (count > MAX_ENTRIES) throw new NotTar(`it has more than ${MAX_ENTRIES} entries`);
    const header = await source.block();
    if (header.every((byte) => byte === 0)) return;
    const { path, size } = parseHeader(header);
    let isRead = false;
    const content = (async function* () {
      yield* source.take(size);
      await source.skip((BLOCK - (size % BLOCK)) % BLOCK);
      isRead = true;
    })();
    yield { path, size, content };
    if (!isRead) throw new NotTar(`${path} was not read to its end`);
  }
}

function parseHeader(header: Buffer): Pick<TarEntry, 'path' | 'size'> {
  if (header.toString('latin1', 257, 265) !== 'ustar\u000000')
    throw new NotTar('it is not in ustar form');
  if (octal(header, 148, 8) !== checksumOf(header)) throw new NotTar('a header is damaged');
  const [prefix, name] = [text(header, 345, 155), text(header, 0, 100)];
  const path = prefix === '' ? name : `${prefix}/${name}`;
  const type = header.toString('latin1', 156, 157);
  if (type !== '0') throw new NotTar(`${JSON.stringify(path)} is no regular file`);
  const isPlain = path.split('/').every((part) => !['', '.', '..'].includes(part));
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is refused
  if (!isPlain || /[\u0000-\u001f\\]/.test(path)) {
    throw new NotTar(`${JSON.stringify(path)} is no path for a file`);
  }
  return { path, size: octal(header, 124, 12) };
}

function text(header: Buffer, at: number, length: number): string {
  const field = header.subarray(at, at + length);
  const end = field.indexOf(0);
  return field.toString('utf8', 0, end < 0 ? length : end);
}

function octal(header: Buffer, at: number, length: number): number {
  const digits = text(header, at, length).trim();
  if (!/^[0-7]+$/.test(digits)) throw new NotTar('a header is damaged');
  return Number.parseInt(digits, 8);
}

/** The sum of its bytes, as if its own field held blanks. */
function checksumOf(header: Buffer): number {
  return header.reduce((sum, byte, at) => sum + (at >= 148 && at < 156 ? 0x20 : byte), 0);
}

/** Gives bytes in the portions that are asked for, however they come. */
class ByteSource {
  readonly #chunks: AsyncIterator<Uint8Array>;
  #left: Uint8Array = new Uint8Array(0);

  constructor(bytes: AsyncIterable<Uint8Array>) {
    this.#chunks = bytes[Symbol.asyncIterator]();
  }

  async block(): Promise<Buffer> {
    const parts: Uint8Array[] = [];
    for await (const part of this.take(BLOCK)) parts.push(part);
    return Buffer.concat(parts);
  }

  async skip(count: number): Promise<void> {
    for await (const _ of this.take(count));
  }

  async *take(count: number): AsyncGenerator<Uint8Array> {
    for (let missing = count; missing > 0; ) {
      if (this.#left.length === 0) await this.#more();
      const part = this.#left.subarray(0, missing);
      this.#left = this.#left.subarray(part.length);
      missing -= part.length;
      yield part;
    }
  }

  async #more(): Promise<void> {
    const { done, value } = await this.#chunks.next();
    if (done) throw new NotTar('it ends too early');
    this.#left = value;
  }
}
