import { type FileHandle, open, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { isUid } from './dicom-json.js';
import { fail } from './errors.js';
import { META_BYTES, readPart10Meta } from './part10-meta.js';

/** Who answers what, for errors. */
export interface Asked {
  readonly host: string;
  readonly what: string;
}

export function nonsense(asked: Asked, reason: string) {
  return fail('malformed-answer', { ...asked, reason });
}

/** A file that is named by what it turns out to hold. */
export class InstanceFile {
  #head = Buffer.alloc(0);
  #byteLength = 0;
  #isOpen = true;

  private constructor(
    readonly path: string,
    readonly file: FileHandle,
    readonly asked: Asked,
  ) {}

  static async create(folder: string, index: number, asked: Asked): Promise<InstanceFile> {
    const path = join(folder, `.${index}.part`);
    return new InstanceFile(path, await open(path, 'wx', 0o600), asked);
  }

  async write(bytes: Buffer): Promise<void> {
    const missing = META_BYTES - this.#head.length;
    if (missing > 0) this.#head = Buffer.concat([this.#head, bytes.subarray(0, missing)]);
    this.#byteLength += bytes.length;
    await this.file.writeFile(bytes);
  }

  async finish(folder: string): Promise<{ sopInstanceUid: string; byteLength: number }> {
    const sopInstanceUid = readPart10Meta(this.#head)?.sopInstanceUid;
    if (!isUid(sopInstanceUid)) throw nonsense(this.asked, 'a part is not a DICOM file');
    await this.file.sync();
    await this.close();
    await rename(this.path, join(folder, `${sopInstanceUid}.dcm`));
    return { sopInstanceUid, byteLength: this.#byteLength };
  }

  async close(): Promise<void> {
    if (this.#isOpen) await this.file.close();
    this.#isOpen = false;
  }
}
