import { type DicomJson, dicomJsonListSchema, textOf } from './dicom-json.js';
import { fail } from './errors.js';
import type { HttpAnswer, HttpConnection } from './http-connection.js';

const PAGE_SIZE = 500;
const MAX_JSON_BYTES = 256 * 1024 ** 2;
const DEFAULT_MAX_RESULTS = 100_000;
const NO_CONTENT = 204;
const JSON_TYPE = 'application/dicom+json';

/**
 * Reads an answer in DICOM's JSON model; an empty one is an empty list.
 * @throws FedvoxError `pacs/wrong-content-type`, `pacs/too-large`, `pacs/malformed-answer`
 */
export async function readJsonList(
  answer: HttpAnswer,
  host: string,
  what: string,
): Promise<DicomJson[]> {
  const text = await readText(answer, host, what);
  if (text === '') return [];
  try {
    return dicomJsonListSchema.parse(JSON.parse(text));
  } catch (cause) {
    throw fail('malformed-answer', { host, what, reason: 'not a list in DICOM JSON' }, { cause });
  }
}

/** One object, as STOW-RS answers. */
export async function readJsonObject(
  answer: HttpAnswer,
  host: string,
  what: string,
): Promise<DicomJson> {
  const text = await readText(answer, host, what);
  try {
    const [object = {}] = dicomJsonListSchema.parse([JSON.parse(text)].flat());
    return object;
  } catch (cause) {
    throw fail(
      'malformed-answer',
      { host, what, reason: 'not an object in DICOM JSON' },
      { cause },
    );
  }
}

async function readText(answer: HttpAnswer, host: string, what: string): Promise<string> {
  const chunks: Buffer[] = [];
  let byteCount = 0;
  for await (const chunk of answer.body) {
    byteCount += chunk.length;
    if (byteCount > MAX_JSON_BYTES) {
      throw fail('too-large', { host, what, limit: MAX_JSON_BYTES, unit: 'bytes' });
    }
    chunks.push(chunk);
  }
  if (answer.status === NO_CONTENT || byteCount === 0) return '';
  const found = answer.headers['content-type'] ?? 'nothing';
  if (!/^application\/(dicom\+)?json\b/i.test(found)) {
    throw fail('wrong-content-type', { host, what, found: typeOnly(found), expected: JSON_TYPE });
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** A media type without its parameters, which are the other side's free text. */
export function typeOnly(contentType: string | undefined): string {
  return /^[\w.+/-]{1,64}/.exec(contentType ?? '')?.[0] ?? 'no content type';
}

export interface Search {
  /** For errors. */
  readonly what: string;
  readonly parameters: readonly (readonly [string, string])[];
  /** UID that tells results apart. */
  readonly keyTag: string;
  readonly limit?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Applied to each page by itself. */
  readonly retry: (action: () => Promise<DicomJson[]>) => Promise<DicomJson[]>;
}

/**
 * All results of a QIDO-RS search, page by page until one brings nothing new: archives cut pages
 * shorter than asked, and some know no pages and send everything each time.
 * @throws FedvoxError `pacs/too-large` beyond `limit`
 */
export async function searchAll(
  connection: HttpConnection,
  path: string,
  { what, parameters, keyTag, limit = DEFAULT_MAX_RESULTS, signal, retry }: Search,
): Promise<DicomJson[]> {
  const { host } = connection;
  const results = new Map<string, DicomJson>();
  for (let offset = 0; ; ) {
    const paging = [
      ['limit', PAGE_SIZE],
      ['offset', offset],
    ] as const;
    const query = [...parameters, ...paging].map(
      ([key, value]) => `${encodeURIComponent(key)}=${encodeURIComponent(value)}`,
    );
    const request = { what, path: `${path}?${query.join('&')}`, accept: JSON_TYPE, signal };
    const page = await retry(async () => readJsonList(await connection.send(request), host, what));
    const knownBefore = results.size;
    for (const result of page) results.set(textOf(result, keyTag) ?? '', result);
    if (results.size > limit) throw fail('too-large', { host, what, limit, unit: 'results' });
    if (results.size === knownBefore) return [...results.values()];
    offset += page.length;
  }
}
