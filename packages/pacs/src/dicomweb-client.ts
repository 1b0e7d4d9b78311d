import { mkdir, rm } from 'node:fs/promises';
import type { Archive, FindOptions } from './archive.js';
import { readAuthorization, readConnectionFile } from './archive-credentials.js';
import { type DicomJson, isUid, TAG, textOf } from './dicom-json.js';
import { fail } from './errors.js';
import { bySeries, type FoundSeries, foundSeries, type SeriesKey } from './found-series.js';
import { HttpConnection, type HttpLimits } from './http-connection.js';
import { readJsonList, searchAll } from './json-answer.js';
import { type CaseQuery, matchesQuery, queryParameters } from './query.js';
import { DEFAULT_RETRIEVE_LIMITS, type RetrieveLimits, saveInstances } from './retrieve.js';
import { type RetryingOptions, retrying } from './retrying.js';
import type { PacsSource } from './source.js';
import { sendInstance } from './stow.js';

export interface DicomWebOptions extends RetryingOptions {
  readonly httpLimits?: HttpLimits;
  readonly retrieveLimits?: RetrieveLimits;
}

/**
 * Opens a client for the archive of a site; nothing is sent yet.
 * @throws FedvoxError `pacs/credentials-…`
 */
export async function openDicomWeb(
  source: PacsSource,
  options: DicomWebOptions,
): Promise<DicomWebClient> {
  const { url, credentials, ca, allowPlainHttp } = source;
  const { protocol, hostname, host } = new URL(url);
  if (credentials !== undefined && protocol === 'http:' && !allowPlainHttp) {
    if (!/^(localhost|127(\.\d+){3}|\[::1\])$/.test(hostname)) {
      throw fail('credentials-in-clear', { host });
    }
  }
  const connection = new HttpConnection({
    url,
    clock: options.clock,
    ...(credentials === undefined ? {} : { authorization: await readAuthorization(credentials) }),
    ...(ca === undefined ? {} : { caPem: await readConnectionFile(ca) }),
    ...(options.httpLimits === undefined ? {} : { limits: options.httpLimits }),
  });
  return new DicomWebClient(connection, options);
}

/** DICOMweb (PS3.18): QIDO-RS, WADO-RS and STOW-RS of one archive. */
export class DicomWebClient implements Archive {
  readonly #connection: HttpConnection;
  readonly #options: DicomWebOptions;

  constructor(connection: HttpConnection, options: DicomWebOptions) {
    this.#connection = connection;
    this.#options = options;
  }

  get host(): string {
    return this.#connection.host;
  }

  /** A search for one study at most (QIDO-RS, PS3.18 10.6). */
  async echo(signal?: AbortSignal): Promise<void> {
    const what = 'answer';
    await this.#retry(signal, async () => {
      const path = '/studies?limit=1';
      const request = { what, path, accept: 'application/dicom+json', signal };
      return readJsonList(await this.#connection.send(request), this.host, what);
    });
  }

  /** QIDO-RS, PS3.18 10.6. */
  async findSeries(
    query: CaseQuery,
    { studyUid, limit, signal }: FindOptions = {},
  ): Promise<FoundSeries[]> {
    const parameters: [string, string][] = [
      ...queryParameters(query),
      ...[TAG.studyUid, TAG.seriesDescription, TAG.instanceCount].map((tag): [string, string] => [
        'includefield',
        tag,
      ]),
    ];
    const found = await this.#search(
      `${studyUid === undefined ? '' : `/studies/${studyUid}`}/series`,
      { what: 'search for series', parameters, keyTag: TAG.seriesUid, limit, signal },
    );
    return found
      .filter((attributes) => matchesQuery(attributes, query))
      .map((attributes) => foundSeries(attributes, studyUid) ?? this.#nonsense('a UID is missing'))
      .sort(bySeries);
  }

  async findInstances(series: SeriesKey, signal?: AbortSignal): Promise<string[]> {
    const found = await this.#search(`${pathOf(series)}/instances`, {
      what: 'list the instances of a series',
      parameters: [],
      keyTag: TAG.sopInstanceUid,
      limit: this.#retrieveLimits.maxParts,
      signal,
    });
    return found
      .map((attributes) => textOf(attributes, TAG.sopInstanceUid))
      .map((uid) => (isUid(uid) ? uid : this.#nonsense('a UID is missing')))
      .sort();
  }

  /** Every instance's attributes without bulk data (WADO-RS metadata, PS3.18 10.4.1.1.2). */
  readMetadata(series: SeriesKey, signal?: AbortSignal): Promise<DicomJson[]> {
    const what = 'read the metadata of a series';
    return this.#retry(signal, async () => {
      const path = `${pathOf(series)}/metadata`;
      const request = { what, path, accept: 'application/dicom+json', signal };
      return readJsonList(await this.#connection.send(request), this.host, what);
    });
  }

  /** WADO-RS, PS3.18 10.4. The folder is made anew for each attempt. */
  retrieveSeries(
    series: SeriesKey,
    folder: string,
    signal?: AbortSignal,
  ): Promise<ReadonlyMap<string, number>> {
    const what = `fetch series ${series.seriesUid}`;
    return this.#retry(signal, async () => {
      await rm(folder, { recursive: true, force: true });
      await mkdir(folder, { recursive: true, mode: 0o700 });
      const answer = await this.#connection.send({
        what,
        path: pathOf(series),
        accept: 'multipart/related; type="application/dicom"; transfer-syntax=*',
        signal,
      });
      return saveInstances(answer, folder, this.#retrieveLimits, { host: this.host, what });
    });
  }

  /** STOW-RS, PS3.18 10.5. */
  storeInstance(path: string, signal?: AbortSignal): Promise<string> {
    return this.#retry(signal, () => sendInstance(this.#connection, path, signal));
  }

  close(): void {
    this.#connection.close();
  }

  get #retrieveLimits(): RetrieveLimits {
    return this.#options.retrieveLimits ?? DEFAULT_RETRIEVE_LIMITS;
  }

  #search(path: string, search: Omit<Parameters<typeof searchAll>[2], 'retry'>) {
    return searchAll(this.#connection, path, {
      ...search,
      retry: (action) => this.#retry(search.signal, action),
    });
  }

  #retry<T>(signal: AbortSignal | undefined, action: () => Promise<T>): Promise<T> {
    return retrying(this.#options, signal, action);
  }

  #nonsense(reason: string): never {
    throw fail('malformed-answer', { host: this.host, what: 'search', reason });
  }
}

function pathOf({ studyUid, seriesUid }: SeriesKey): string {
  return `/studies/${studyUid}/series/${seriesUid}`;
}
