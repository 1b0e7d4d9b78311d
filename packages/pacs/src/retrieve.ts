import { type FileHandle, open, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { syncFolder } from '@fedvox/base';
import { isUid } from './dicom-json.js';
import { fail } from './errors.js';
import type { HttpAnswer } from './http-connection.js';
import { typeOnly } from './json-answer.js';
import {
  boundaryOf,
  type MultipartEvent,
  type MultipartLimits,
  MultipartProblem,
  readMultipart,
} from './multipart-reader.js';
import { META_BYTES, readPart10Meta } from './part10-meta.js';

export type RetrieveLimits = MultipartLimits;

/** An honest series stays far below: a part is one instance, at most an enhanced multi-frame one. */
export const DEFAULT_RETRIEVE_LIMITS: RetrieveLimits = {
  maxParts: 20_000,
  maxHeaderBytes: 16 * 1024,
  maxPartBytes: 4 * 1024 ** 3,
  maxTotalBytes: 16 * 1024 ** 3,
};

/** Who answers what, for errors. */
interface Asked {
  readonly host: string;
  readonly what: string;
}

/**
 * Writes each part of a WADO-RS answer to its own file as it arrives, durably.
 * @returns the bytes of each file by SOP instance UID
 * @throws FedvoxError `pacs/wrong-content-type`, `-malformed-answer`, `-too-large`, `-truncated`
 */
export async function saveInstances(
  { headers, body }: HttpAnswer,
  folder: string,
  limits: RetrieveLimits,
  asked: Asked,
): Promise<ReadonlyMap<string, number>> {
  const boundary = boundaryOf(headers['content-type']);
  const expected = 'multipart/related with a boundary';
  if (boundary === undefined) {
    for await (const _ of body) break;
    const found = typeOnly(headers['content-type']);
    throw fail('wrong-content-type', { ...asked, found, expected });
  }
  const saved = new Map<string, number>();
  let file: InstanceFile | undefined;
  try {
    for await (const event of readMultipart(body, boundary, limits)) {
      if (event.type === 'part') checkType(event, asked);
      else if (event.type === 'data') {
        file ??= await InstanceFile.create(folder, saved.size, asked);
        await file.write(event.bytes);
      } else {
        if (file === undefined) throw nonsense(asked, 'a part is empty');
        const { sopInstanceUid, byteLength } = await file.finish(folder);
        if (saved.has(sopInstanceUid)) throw nonsense(asked, 'an instance comes twice');
        saved.set(sopInstanceUid, byteLength);
        file = undefined;
      }
    }
  } catch (error) {
    throw error instanceof MultipartProblem ? named(error, asked) : error;
  } finally {
    await file?.close();
  }
  await syncFolder(folder);
  return saved;
}

function checkType({ contentType }: Extract<MultipartEvent, { type: 'part' }>, asked: Asked) {
  const found = typeOnly(contentType);
  const expected = 'application/dicom';
  if (found.toLowerCase() !== expected) {
    throw fail('wrong-content-type', { ...asked, found, expected });
  }
}

function named({ kind, message, limit, unit }: MultipartProblem, asked: Asked) {
  if (kind === 'truncated') return fail('truncated', { ...asked });
  if (kind === 'too-large') return fail('too-large', { ...asked, limit, unit });
  return nonsense(asked, message);
}

function nonsense(asked: Asked, reason: string) {
  return fail('malformed-answer', { ...asked, reason });
}

/** A file that is named by what it turns out to hold. */
class InstanceFile {
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
