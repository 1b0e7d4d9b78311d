import { mkdir, rm } from 'node:fs/promises';
import { type Clock, type RetryPolicy, retry, systemClock } from '@fedvox/base';
import { readAuthorization, readConnectionFile } from './credentials.js';
import { type DicomJson, isUid, TAG, textOf } from './dicom-json.js';
import { fail, isTransient } from './errors.js';
import { type FoundSeries, foundSeries, type SeriesKey } from './found-series.js';
import { HttpConnection, type HttpLimits } from './http-connection.js';
import { readJsonList, searchAll } from './json-answer.js';
import { type CaseQuery, matchesQuery, queryParameters } from './query.js';
import { DEFAULT_RETRIEVE_LIMITS, type RetrieveLimits, saveInstances } from './retrieve.js';
import type { PacsSource } from './source.js';
import { sendInstance } from './store.js';

const RETRIES: RetryPolicy = { maxAttempts: 5, firstDelayMs: 500, maxDelayMs: 30_000 };

export interface DicomWebOptions {
  readonly clock?: Clock;
  /** In [0, 1). */
  readonly jitter?: () => number;
  readonly retries?: RetryPolicy;
  readonly httpLimits?: HttpLimits;
  readonly retrieveLimits?: RetrieveLimits;
  /** For the log: what is tried again, and why. */
  readonly onRetry?: (error: unknown) => void;
}

/**
 * Opens a client for the archive of a site; nothing is sent yet.
 * @throws FedvoxError `pacs/credentials-…`
 */
export async function openDicomWeb(
  source: PacsSource,
  options: DicomWebOptions = {},
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
    ...(credentials === undefined ? {} : { authorization: await readAuthorization(credentials) }),
    ...(ca === undefined ? {} : { caPem: await readConnectionFile(ca) }),
    ...(options.httpLimits === undefined ? {} : { limits: options.httpLimits }),
  });
  return new DicomWebClient(connection, options);
}

/**
 * DICOMweb (PS3.18): QIDO-RS, WADO-RS and STOW-RS of one archive. Transient failures are tried again
 * with back-off; every other is thrown at once as `pacs/…`. A signal's abort throws its reason.
 */
export class DicomWebClient {
  readonly #connection: HttpConnection;
  readonly #options: DicomWebOptions;

  constructor(connection: HttpConnection, options: DicomWebOptions = {}) {
    this.#connection = connection;
    this.#options = options;
  }

  get host(): string {
    return this.#connection.host;
  }

  /**
   * Series that match, of one study or of all (QIDO-RS, PS3.18 10.6), in the order of their UIDs.
   * @param limit finding more throws `pacs/too-large`
   */
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
      .sort((a, b) => compare(a.studyUid, b.studyUid) || compare(a.seriesUid, b.seriesUid));
  }

  /** SOP instance UIDs of a series, sorted. */
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
      .sort(compare);
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

  /**
   * Saves a series' instances as `<SOP instance UID>.dcm` in their stored transfer syntax (WADO-RS,
   * PS3.18 10.4). The folder is made anew for each attempt; only a resolved promise makes it whole.
   * @returns the bytes of each file by SOP instance UID
   */
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

  /**
   * Sends a DICOM file (STOW-RS, PS3.18 10.5). Sending one twice does no harm.
   * @returns its SOP instance UID, once the archive says that it holds it
   * @throws FedvoxError also `pacs/not-storable`, `pacs/not-stored`
   */
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
    const { clock = systemClock, jitter = Math.random, retries = RETRIES, onRetry } = this.#options;
    return retry(
      retries,
      {
        clock,
        jitter,
        isTransient,
        ...(signal === undefined ? {} : { signal }),
        ...(onRetry === undefined ? {} : { onRetry }),
      },
      action,
    );
  }

  #nonsense(reason: string): never {
    throw fail('malformed-answer', { host: this.host, what: 'search', reason });
  }
}

export interface FindOptions {
  readonly studyUid?: string;
  readonly limit?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

function pathOf({ studyUid, seriesUid }: SeriesKey): string {
  return `/studies/${studyUid}/series/${seriesUid}`;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
