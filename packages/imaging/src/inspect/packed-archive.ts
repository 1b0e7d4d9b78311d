import { extname } from 'node:path';
import { openByteStream, readStart } from '../voxels/byte-stream.js';

const LONGEST_MARK_END = 262;
/** How packed files start; tar says so further on (POSIX ustar). */
const MARKS: readonly (readonly [kind: string, at: number, bytes: string])[] = [
  ['zip', 0, 'PK\x03\x04'],
  ['gzip', 0, '\x1f\x8b'],
  ['7z', 0, '7z\xbc\xaf\x27\x1c'],
  ['rar', 0, 'Rar!'],
  ['bzip2', 0, 'BZh'],
  ['xz', 0, '\xfd7zXZ'],
  ['tar', 257, 'ustar'],
];
/** Documents and programs that are zip files inside. */
const NO_ARCHIVE = /^\.(docx|xlsx|pptx|odt|ods|odp|jar|epub)$/i;

/** The kind of archive that a file is, if it is one in which scans may be. */
export async function archiveKind(path: string): Promise<string | undefined> {
  if (NO_ARCHIVE.test(extname(path))) return undefined;
  const stream = await openByteStream(path, { isGzip: false });
  const start = Buffer.from(await readStart(path, stream, LONGEST_MARK_END)).toString('latin1');
  return MARKS.find(([, at, bytes]) => start.startsWith(bytes, at))?.[0];
}
