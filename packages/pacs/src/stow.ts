import { randomBytes } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { errorText } from '@fedvox/base';
import { isUid, itemsOf, TAG, textOf } from './dicom-json.js';
import { fail } from './errors.js';
import type { HttpBody, HttpConnection } from './http-connection.js';
import { readJsonObject } from './json-answer.js';
import { META_BYTES, readPart10Meta } from './part10-meta.js';

const WHAT = 'store an object';

/** One attempt at STOW-RS; see `DicomWebClient.storeInstance`. */
export async function sendInstance(
  connection: HttpConnection,
  path: string,
  signal: AbortSignal | undefined,
): Promise<string> {
  const { host } = connection;
  const { sopInstanceUid, byteLength } = await examine(path);
  const body = multipartBody(path, byteLength);
  const accept = 'application/dicom+json';
  const answer = await connection
    .send({ what: WHAT, path: '/studies', accept, body, signal })
    .finally(() => body.stream.destroy());
  const result = await readJsonObject(answer, host, WHAT);
  const [failed] = itemsOf(result, TAG.failedSequence);
  const kept = itemsOf(result, TAG.referencedSequence).some(
    (item) => textOf(item, TAG.referencedSopInstanceUid) === sopInstanceUid,
  );
  if (failed !== undefined || !kept) {
    // A number of PS3.18 table I.2-2, never a text.
    const reason = Number(failed && textOf(failed, TAG.failureReason)) || 'not given';
    throw fail('not-stored', { host, reason });
  }
  return sopInstanceUid;
}

async function examine(path: string): Promise<{ sopInstanceUid: string; byteLength: number }> {
  const unusable = (reason: string, cause?: unknown) =>
    fail('not-storable', { path, reason }, { cause });
  const file = await open(path).catch((cause: unknown) => {
    throw unusable(errorText(cause), cause);
  });
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(META_BYTES), 0, META_BYTES, 0);
    const meta = readPart10Meta(buffer.subarray(0, bytesRead));
    if (!isUid(meta?.sopInstanceUid)) throw unusable('it has no DICOM file meta information');
    return { sopInstanceUid: meta.sopInstanceUid, byteLength: (await file.stat()).size };
  } finally {
    await file.close();
  }
}

/** The file as the one part of a multipart/related body, streamed from disk. */
function multipartBody(path: string, fileBytes: number): HttpBody {
  // 128 random bits: that the file holds them is not to be feared.
  const boundary = `fedvox-${randomBytes(16).toString('hex')}`;
  const head = Buffer.from(`--${boundary}\r\nContent-Type: application/dicom\r\n\r\n`);
  const tail = Buffer.from(`\r\n--${boundary}--\r\n`);
  async function* pieces() {
    yield head;
    yield* createReadStream(path, { end: fileBytes - 1 });
    yield tail;
  }
  return {
    contentType: `multipart/related; type="application/dicom"; boundary=${boundary}`,
    byteLength: head.length + fileBytes + tail.length,
    stream: Readable.from(pieces()),
  };
}
