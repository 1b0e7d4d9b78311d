// A tar archive that is a function of its files alone: sorted, of one time, one owner and two modes.
import { createWriteStream } from 'node:fs';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { bytesOf } from './release-tree.mjs';

const BLOCK = 512;
const [MODE, EXECUTABLE_MODE] = [0o644, 0o755];
const COMPRESSION = 6;

/**
 * POSIX ustar, gzipped; everything in one folder.
 * @param {{tree: import('./release-tree.mjs').Tree, folder: string, mtime: number, path: string}} options
 *   `mtime` in seconds since the epoch
 * @throws Error where a path is too long for the form
 */
export async function writeArchive({ tree, folder, mtime, path }) {
  // Node writes no time into gzip's header.
  const gzip = createGzip({ level: COMPRESSION });
  await pipeline(Readable.from(blocks(tree, folder, mtime)), gzip, createWriteStream(path));
}

async function* blocks(tree, folder, mtime) {
  for (const path of [...tree.keys()].sort()) {
    const content = tree.get(path);
    const bytes = bytesOf(content);
    const mode = content.isExecutable ? EXECUTABLE_MODE : MODE;
    yield header({ path: `${folder}/${path}`, size: bytes.length, mode, mtime });
    yield bytes;
    yield Buffer.alloc((BLOCK - (bytes.length % BLOCK)) % BLOCK);
  }
  yield Buffer.alloc(2 * BLOCK);
}

/** Of a regular file that belongs to root. */
export function header({ path, size, mode, mtime }) {
  const block = Buffer.alloc(BLOCK);
  const { prefix, name } = split(path);
  const octal = (value, at, length) =>
    block.write(value.toString(8).padStart(length - 1, '0'), at, 'latin1');
  block.write(name, 0, 'utf8');
  octal(mode, 100, 8);
  octal(0, 108, 8);
  octal(0, 116, 8);
  octal(size, 124, 12);
  octal(mtime, 136, 12);
  block.write(' '.repeat(8), 148, 'latin1');
  block.write('0', 156, 'latin1');
  block.write('ustar\u000000', 257, 'latin1');
  block.write('root', 265, 'latin1');
  block.write('root', 297, 'latin1');
  block.write(prefix, 345, 'utf8');
  octal(
    block.reduce((sum, byte) => sum + byte, 0),
    148,
    7,
  );
  return block;
}

/** The form has 100 bytes for a name and 155 for folders before it. */
function split(path) {
  if (Buffer.byteLength(path) <= 100) return { prefix: '', name: path };
  for (let at = path.indexOf('/'); at >= 0; at = path.indexOf('/', at + 1)) {
    const [prefix, name] = [path.slice(0, at), path.slice(at + 1)];
    if (Buffer.byteLength(name) <= 100 && Buffer.byteLength(prefix) <= 155) return { prefix, name };
  }
  throw new Error(`${path} is too long for the archive`);
}
