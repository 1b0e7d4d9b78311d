import type { FileHandle } from 'node:fs/promises';
import type { Sha256 } from '@fedvox/base';
import type { CertificateInfo } from '@fedvox/pki';
import {
  type AnyUpdateStatement,
  type Envelope,
  refuse,
  type UploadPosition,
} from '@fedvox/protocol';
import { SerialQueue } from '../serial-queue.js';
import type { Spool } from '../store/spool.js';

/** A statement that was let in. */
export interface AdmittedUpdate {
  readonly digest: Sha256;
  readonly statement: AnyUpdateStatement;
  readonly envelope: Envelope;
  readonly sender: CertificateInfo;
}

/** An update whose delta follows its statement. */
export interface Upload extends AdmittedUpdate {
  /** Writes to the spool one after another, whatever connections they come in by. */
  readonly writes: SerialQueue;
  /** So many bytes are in the spool; unknown where a write has failed. Only writes look at it. */
  arrivedBytes: number | undefined;
}

/** Updates on their way in: one per site, known in memory only, their bytes in the spool. */
export class UploadSessions {
  readonly #spool: Spool;
  readonly #uploads = new Map<string, Upload>();

  constructor(spool: Spool) {
    this.#spool = spool;
  }

  /**
   * Takes the place of the site's earlier upload, where that was of another statement; answers how many
   * bytes of the delta are here already.
   * @param authorize throws where the sender counts no longer
   */
  async open(update: AdmittedUpdate, authorize: () => void): Promise<number> {
    const { digest, statement } = update;
    const { site } = statement;
    const present = this.#uploads.get(site);
    await present?.writes.drained();
    authorize();
    const isSame = present?.digest === digest;
    const upload = isSame ? present : { ...update, writes: new SerialQueue(), arrivedBytes: 0 };
    this.#uploads.set(site, upload);
    // In turn with what an older connection may still write.
    return upload.writes.run(async () => {
      const arrivedBytes = await this.#spool.claim(site, digest);
      upload.arrivedBytes = arrivedBytes;
      return arrivedBytes;
    });
  }

  /** Updates on their way in. */
  get size(): number {
    return this.#uploads.size;
  }

  find(digest: Sha256, site: string): Upload | undefined {
    const upload = this.#uploads.get(site);
    return upload?.digest === digest ? upload : undefined;
  }

  /** Appends consecutive chunks; what has arrived when the connection breaks is kept. */
  async append(
    { statement: digest, offset }: UploadPosition,
    chunks: AsyncIterable<Uint8Array>,
    site: string,
  ): Promise<{ offset: number }> {
    const upload = this.find(digest, site);
    if (upload === undefined) throw refuse('upload-unknown');
    let position = offset;
    let file: FileHandle | undefined;
    try {
      for await (const chunk of chunks) {
        const at = position;
        await upload.writes.run(async () => {
          await this.#admit(upload, at, chunk.byteLength);
          file ??= await this.#spool.openArrived(site, digest);
          await write(upload, file, chunk);
        });
        position += chunk.byteLength;
      }
    } finally {
      await file?.close();
    }
    return { offset: position };
  }

  /** Forgets an upload, if it is still the site's present one. */
  close({ digest, statement: { site } }: Upload): void {
    if (this.find(digest, site) !== undefined) this.#uploads.delete(site);
  }

  /** Drops the bytes of an upload, so that they can be sent again. */
  async discard(upload: Upload): Promise<void> {
    await this.#spool.discard(upload.statement.site, upload.digest);
    this.close(upload);
  }

  /** Forgets the site's upload and drops its bytes. */
  async drop(site: string): Promise<void> {
    const upload = this.#uploads.get(site);
    this.#uploads.delete(site);
    await upload?.writes.drained();
    await this.#spool.clear(site);
  }

  async #admit(upload: Upload, at: number, chunkBytes: number): Promise<void> {
    const { site, delta } = upload.statement;
    // Of the same statement there may be another by now, whose bytes begin anew.
    if (this.#uploads.get(site) !== upload) throw refuse('upload-unknown');
    upload.arrivedBytes ??= await this.#spool.byteLength(site, upload.digest);
    const { arrivedBytes: expected } = upload;
    if (at !== expected) throw refuse('upload-offset-wrong', { expected, offset: at });
    const byteLength = at + chunkBytes;
    const maxBytes = delta?.byteLength ?? 0;
    if (byteLength > maxBytes) throw refuse('delta-too-large', { byteLength, maxBytes });
  }
}

async function write(upload: Upload, file: FileHandle, chunk: Uint8Array): Promise<void> {
  const before = upload.arrivedBytes;
  // A full disk may have taken a part.
  upload.arrivedBytes = undefined;
  await file.appendFile(chunk);
  upload.arrivedBytes = before === undefined ? undefined : before + chunk.byteLength;
}
