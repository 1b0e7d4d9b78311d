import { syncFolder } from '@fedvox/base/system';
import { fail } from './errors.js';
import type { HttpAnswer } from './http-connection.js';
import { type Asked, InstanceFile, nonsense } from './instance-file.js';
import { typeOnly } from './json-answer.js';
import {
  boundaryOf,
  type MultipartEvent,
  type MultipartLimits,
  MultipartProblem,
  readMultipart,
} from './multipart-reader.js';

export type RetrieveLimits = MultipartLimits;

/** An honest series stays far below: a part is one instance, at most an enhanced multi-frame one. */
export const DEFAULT_RETRIEVE_LIMITS: RetrieveLimits = {
  maxParts: 20_000,
  maxHeaderBytes: 16 * 1024,
  maxPartBytes: 4 * 1024 ** 3,
  maxTotalBytes: 16 * 1024 ** 3,
};

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
      if (event.kind === 'part') checkType(event, asked);
      else if (event.kind === 'data') {
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

function checkType({ contentType }: Extract<MultipartEvent, { kind: 'part' }>, asked: Asked) {
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
