import { type FileHandle, open, readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { errorText, isFedvoxError, SHA256_PATTERN } from '@fedvox/base';
import { syncFolder } from '@fedvox/base/system';
import { nameSchema } from '@fedvox/job';
import { z } from 'zod';
import { fail } from '../errors.js';

/** A hundred thousand revocations are far more than a consortium ever makes. */
const MAX_FILE_BYTES = 64 * 1024 * 1024;
const NEWLINE = 0x0a;

const siteEntrySchema = z.strictObject({
  site: nameSchema,
  /** Every certificate of the site that stopped counting, in lower-case hexadecimal. */
  serials: z.array(z.string().regex(/^[0-9a-f]{1,40}$/)).readonly(),
  at: z.iso.datetime(),
  /** Shut out by the operator, or followed by a new enrolment under the same name. */
  why: z.enum(['revoked', 'replaced']),
});

/** An operator or an observer: a key counts never again, whatever certificate is issued for it. */
const operatorEntrySchema = z.strictObject({
  operator: nameSchema,
  keys: z.array(z.string().regex(SHA256_PATTERN)).readonly(),
  at: z.iso.datetime(),
});

const entrySchema = z.union([siteEntrySchema, operatorEntrySchema]);

/** Certificates that stopped counting, and the moment until which invitations of a site died. */
export type RevocationEntry = Readonly<z.output<typeof entrySchema>>;
export type SiteRevocation = Readonly<z.output<typeof siteEntrySchema>>;

/**
 * Every revocation ever made, one JSON line each, only ever added to. It lies apart from the database:
 * a database restored from an older backup knows nothing of what was revoked since, this file does.
 */
export class RevocationFile {
  readonly #file: FileHandle;

  private constructor(
    readonly path: string,
    file: FileHandle,
    /** As they stood when the file was opened, oldest first. */
    readonly entries: readonly RevocationEntry[],
  ) {
    this.#file = file;
  }

  /**
   * Opens the file, or begins it. A last line without its end was never answered for: it goes.
   * @throws FedvoxError `coordinator/revocations-unusable`
   */
  static async open(path: string): Promise<RevocationFile> {
    try {
      const file = await open(path, 'a+', 0o600);
      try {
        await file.chmod(0o600);
        await syncFolder(dirname(path));
        return new RevocationFile(path, file, await readEntries(file, path));
      } catch (error) {
        await file.close();
        throw error;
      }
    } catch (cause) {
      if (isFedvoxError(cause)) throw cause;
      throw unusable(path, errorText(cause), cause);
    }
  }

  /** Durable when it resolves. @throws FedvoxError `coordinator/revocation-not-kept` */
  async append(entry: RevocationEntry): Promise<void> {
    try {
      await this.#file.appendFile(`${JSON.stringify(entrySchema.parse(entry))}\n`);
      await this.#file.sync();
    } catch (cause) {
      const { path } = this;
      const name = 'site' in entry ? entry.site : entry.operator;
      throw fail('revocation-not-kept', { name, path, reason: errorText(cause) }, { cause });
    }
  }

  async close(): Promise<void> {
    await this.#file.close();
  }
}

/**
 * What stands in a file of revocations, which is not touched; null where there is none.
 * @throws FedvoxError `coordinator/revocations-unusable`
 */
export async function readRevocations(path: string): Promise<readonly RevocationEntry[] | null> {
  try {
    const lines = (await readFile(path, 'utf8')).split('\n').slice(0, -1);
    return lines.map((line, index) => parseEntry(line, index + 1, path));
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return null;
    if (isFedvoxError(cause)) throw cause;
    throw unusable(path, errorText(cause), cause);
  }
}

async function readEntries(file: FileHandle, path: string): Promise<RevocationEntry[]> {
  const { size } = await file.stat();
  if (size > MAX_FILE_BYTES) throw unusable(path, `${size} bytes are too many`);
  const bytes = Buffer.alloc(size);
  await file.read(bytes, 0, size, 0);
  const end = bytes.lastIndexOf(NEWLINE) + 1;
  if (end < size) {
    await file.truncate(end);
    await file.sync();
  }
  const lines = bytes.toString('utf8', 0, end).split('\n').slice(0, -1);
  return lines.map((line, index) => parseEntry(line, index + 1, path));
}

function parseEntry(line: string, number: number, path: string): RevocationEntry {
  try {
    return entrySchema.parse(JSON.parse(line));
  } catch (cause) {
    throw unusable(path, `line ${number} is no revocation`, cause);
  }
}

function unusable(path: string, reason: string, cause?: unknown) {
  return fail('revocations-unusable', { path, reason }, { cause });
}
