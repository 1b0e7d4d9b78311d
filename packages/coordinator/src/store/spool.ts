import { type FileHandle, mkdir, open, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { assert, NAME_PATTERN, SHA256_PATTERN, type Sha256 } from '@fedvox/base';
import { makeFolderDurably } from '@fedvox/base/system';

/**
 * Deltas still arriving, one per site at most, in `spool/<site>/<statement>`. Parts survive a restart
 * and are continued; whether they are right, the digest tells at the end.
 */
export class Spool {
  readonly #folder: string;

  private constructor(folder: string) {
    this.#folder = folder;
  }

  static async open(stateDir: string): Promise<Spool> {
    const folder = join(stateDir, 'spool');
    await makeFolderDurably(folder);
    return new Spool(folder);
  }

  path(site: string, statement: Sha256): string {
    assert(NAME_PATTERN.test(site) && SHA256_PATTERN.test(statement), 'a spool path is of names');
    return join(this.#folder, site, statement);
  }

  /** Makes room for this upload of the site and drops every other; answers the bytes already here. */
  async claim(site: string, statement: Sha256): Promise<number> {
    const folder = join(this.#folder, site);
    await mkdir(folder, { recursive: true });
    for (const name of await readdir(folder)) {
      if (name !== statement) await rm(join(folder, name));
    }
    return this.byteLength(site, statement);
  }

  async byteLength(site: string, statement: Sha256): Promise<number> {
    try {
      return (await stat(this.path(site, statement))).size;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return 0;
      throw error;
    }
  }

  /** Opens what has arrived for more: whoever opens it closes it. */
  openArrived(site: string, statement: Sha256): Promise<FileHandle> {
    return open(this.path(site, statement), 'a');
  }

  /** Makes the bytes survive a power cut, so that they can be taken over as a blob. */
  async sync(site: string, statement: Sha256): Promise<void> {
    const file = await open(this.path(site, statement), 'r+');
    try {
      await file.sync();
    } finally {
      await file.close();
    }
  }

  /** Drops whatever has arrived of this site. */
  async clear(site: string): Promise<void> {
    assert(NAME_PATTERN.test(site), 'a spool path is of names');
    await rm(join(this.#folder, site), { recursive: true, force: true });
  }

  async discard(site: string, statement: Sha256): Promise<void> {
    await rm(this.path(site, statement), { force: true });
  }
}
