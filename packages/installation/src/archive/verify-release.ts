import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createGunzip } from 'node:zlib';
import { errorText, FedvoxError } from '@fedvox/base';
import { fail } from '../errors.js';
import { ownRelease } from '../own-release.js';
import {
  isOf,
  isWhole,
  type MakerKey,
  type MakerSignature,
  NotMinisign,
  parsePublicKey,
  parseSignature,
} from '../signature/minisign.js';
import { CHECKSUMS_FILE, checksumsOf, type FileSums, sumProblems } from './checksums.js';
import { NotTar, tarEntries } from './tar-entries.js';

export interface VerifyOptions {
  /** File of the public key that is trusted; the one that came with this Fedvox where absent. */
  readonly keyPath?: string | undefined;
}

export interface VerifiedRelease {
  readonly archive: string;
  /** Of the key that signed it. */
  readonly keyId: string;
  /** What the signer says of it. */
  readonly comment: string;
  readonly files: number;
  /** Of all files together. */
  readonly bytes: number;
}

/** Beside an archive, as minisign looks for it. */
const SIGNATURE_SUFFIX = '.minisig';
/** Named of what is wrong, so that a message stays readable. */
const MOST_NAMED = 5;

/**
 * Reads an archive twice: for its signature, then for the checksum of every file in it. Writes nothing.
 * @throws FedvoxError of what is wrong, each by a code of its own
 */
export async function verifyRelease(
  archive: string,
  { keyPath }: VerifyOptions = {},
): Promise<VerifiedRelease> {
  const key = await trustedKey(keyPath);
  const signature = await verifySignature(archive, key);
  const { sums, listed } = await readArchive(archive);
  const problems = sumProblems(sums, listed);
  if (problems.length > 0) {
    const named = problems.slice(0, MOST_NAMED);
    const more = problems.length > named.length ? [`${problems.length - named.length} more`] : [];
    throw fail('checksums-wrong', { archive, problems: [...named, ...more].join('; ') });
  }
  return {
    archive,
    keyId: key.id,
    comment: signature.trustedComment,
    files: sums.size,
    bytes: [...sums.values()].reduce((sum, { size }) => sum + size, 0),
  };
}

async function trustedKey(keyPath: string | undefined): Promise<MakerKey> {
  const path = keyPath ?? (await ownRelease())?.keyPath;
  if (path === undefined) throw fail('key-unknown');
  return parsed('key', path, parsePublicKey);
}

async function verifySignature(archive: string, key: MakerKey): Promise<MakerSignature> {
  const path = `${archive}${SIGNATURE_SUFFIX}`;
  const signature = await parsed('signature', path, parseSignature);
  const signer = signature.keyId;
  if (signer !== key.id) throw fail('key-foreign', { archive, signer, trusted: key.id });
  if (!isWhole(signature, key)) throw fail('signature-altered', { path, signer });
  const digest = await digestOf(archive);
  if (!isOf(digest, signature, key)) throw fail('archive-altered', { archive, signer });
  return signature;
}

async function parsed<T>(
  what: 'key' | 'signature',
  path: string,
  parse: (text: string) => T,
): Promise<T> {
  const text = await reading(what, path, readFile(path, 'utf8'));
  try {
    return parse(text);
  } catch (error) {
    if (!(error instanceof NotMinisign)) throw error;
    throw fail(`${what}-unreadable`, { path, reason: error.message }, { cause: error });
  }
}

async function digestOf(archive: string): Promise<Uint8Array> {
  const hash = createHash('blake2b512');
  const read = async () => {
    for await (const chunk of createReadStream(archive)) hash.update(chunk);
  };
  await reading('archive', archive, read());
  return hash.digest();
}

async function reading<T>(what: string, path: string, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (cause) {
    throw fail('file-unreadable', { what, path, reason: errorText(cause) }, { cause });
  }
}

/** Every file's digest, and what the archive itself says of them. */
async function readArchive(archive: string): Promise<{ sums: FileSums; listed: FileSums }> {
  try {
    return await readEntries(archive);
  } catch (cause) {
    if (cause instanceof FedvoxError) throw cause;
    const isOurs =
      cause instanceof NotTar || (cause as NodeJS.ErrnoException).code?.startsWith('Z_');
    if (!isOurs) throw cause;
    throw fail('archive-unreadable', { archive, reason: errorText(cause) }, { cause });
  }
}

async function readEntries(archive: string) {
  const source = createReadStream(archive);
  const unzipped = createGunzip();
  source.on('error', (error) => unzipped.destroy(error)).pipe(unzipped);
  const sums: Map<string, { sha256: string; size: number }> = new Map();
  let listed: FileSums | undefined;
  let root: string | undefined;
  for await (const { path, size, content } of tarEntries(unzipped)) {
    const [top = '', ...rest] = path.split('/');
    root ??= top;
    if (top !== root || rest.length === 0) throw new NotTar(`${path} is not in the folder ${root}`);
    const name = rest.join('/');
    if (name === CHECKSUMS_FILE) {
      listed = checksumsOf(await textOf(content));
      continue;
    }
    if (sums.has(name)) throw new NotTar(`${path} is in it twice`);
    const hash = createHash('sha256');
    for await (const chunk of content) hash.update(chunk);
    sums.set(name, { sha256: hash.digest('hex'), size });
  }
  source.destroy();
  if (listed === undefined) throw new NotTar(`it has no ${CHECKSUMS_FILE}`);
  return { sums, listed };
}

async function textOf(content: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of content) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
}
