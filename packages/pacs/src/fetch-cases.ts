import { FedvoxError, isFedvoxError } from '@fedvox/base';
import type { Archive } from './archive.js';
import { fail } from './errors.js';
import type { FoundSeries } from './found-series.js';
import { MirrorFolder } from './mirror-folder.js';
import { type CaseQuery, labelConditions, seriesConditions } from './query.js';

const MAX_READINGS = 3;

export interface FetchOptions {
  /** A query that matches more series is refused with `pacs/too-large`. */
  readonly maxSeries?: number;
  readonly signal?: AbortSignal;
  /** Studies done, of all. */
  readonly onProgress?: (done: number, total: number) => void;
}

/** For the site's own eyes. */
export interface FetchReport {
  /** What the mirror holds now: the series that match, and what labels their studies. */
  readonly series: readonly FoundSeries[];
  readonly fetched: number;
  readonly unchanged: number;
  /** Series that the mirror held and that the query no longer gives. */
  readonly removed: number;
  readonly refused: readonly RefusedStudy[];
}

export interface RefusedStudy {
  readonly studyUid: string;
  readonly code: string;
  readonly reason: string;
}

/** A series with the instances it consisted of at one moment. */
interface SeriesState {
  readonly series: FoundSeries;
  readonly sopInstanceUids: readonly string[];
}

/**
 * Makes a folder hold exactly the series that match, and the segmentations and structure sets of
 * their studies, as ordinary DICOM files below `cases/`. What is there unchanged is not fetched
 * again, so a fetch that was cut off goes on where it stopped. A study that changes while it is read
 * is read again, and left out if it goes on changing. An instance replaced under its own UID, which
 * DICOM forbids, is not noticed.
 * @throws FedvoxError `pacs/nothing-found`, and whatever keeps the archive from answering: then the
 *   folder holds what it held, and what was fetched by then
 */
export async function fetchCases(
  client: Archive,
  query: CaseQuery,
  folder: string,
  options: FetchOptions = {},
): Promise<FetchReport> {
  const { maxSeries, signal, onProgress } = options;
  const matching = await client.findSeries(query, { limit: maxSeries, signal });
  if (matching.length === 0) throw fail('nothing-found', { host: client.host });
  const mirror = await MirrorFolder.open(folder);
  const reading = new MirrorReading(client, query, mirror, signal);
  const studyUids = [...new Set(matching.map(({ studyUid }) => studyUid))];
  const refused: RefusedStudy[] = [];
  const series: FoundSeries[] = [];
  for (const [done, studyUid] of studyUids.entries()) {
    onProgress?.(done, studyUids.length);
    try {
      series.push(...(await reading.readStudy(studyUid)));
    } catch (error) {
      if (!concernsOneStudy(error)) throw error;
      refused.push({ studyUid, code: error.code, reason: error.message });
    }
  }
  const removed = await mirror.keepOnly(series);
  return { series, ...reading.counts, removed, refused };
}

class MirrorReading {
  readonly #client: Archive;
  readonly #query: CaseQuery;
  readonly #mirror: MirrorFolder;
  readonly #signal: AbortSignal | undefined;
  readonly counts = { fetched: 0, unchanged: 0 };

  constructor(
    client: Archive,
    query: CaseQuery,
    mirror: MirrorFolder,
    signal: AbortSignal | undefined,
  ) {
    this.#client = client;
    this.#query = query;
    this.#mirror = mirror;
    this.#signal = signal;
  }

  /** Done once the study is the same after it was read as before, and all of it was read. */
  async readStudy(studyUid: string): Promise<FoundSeries[]> {
    let before = await this.#stateOf(studyUid);
    for (let readings = 1; readings <= MAX_READINGS; readings++) {
      let isWhole = true;
      for (const state of before) isWhole = (await this.#readSeries(state)) && isWhole;
      const after = await this.#stateOf(studyUid);
      if (isWhole && isSame(before, after)) return after.map(({ series }) => series);
      before = after;
    }
    throw fail('study-changed', { studyUid, readings: MAX_READINGS });
  }

  async #stateOf(studyUid: string): Promise<SeriesState[]> {
    const signal = this.#signal;
    const states: SeriesState[] = [];
    for (const query of [seriesConditions(this.#query), ...labelConditions(this.#query)]) {
      for (const series of await this.#client.findSeries(query, { studyUid, signal })) {
        const sopInstanceUids = await this.#client.findInstances(series, signal);
        states.push({ series, sopInstanceUids });
      }
    }
    return states;
  }

  /** False where other instances came than were listed. */
  async #readSeries({ series, sopInstanceUids }: SeriesState): Promise<boolean> {
    if (await this.#mirror.holds(series, sopInstanceUids)) {
      this.counts.unchanged++;
      return true;
    }
    const arrived = this.#mirror.incoming();
    const bytesByInstance = await this.#client
      .retrieveSeries(series, arrived, this.#signal)
      .catch((error: unknown) => {
        if (isFedvoxError(error, 'pacs/not-found')) return undefined;
        throw error;
      });
    const isWhole =
      bytesByInstance?.size === sopInstanceUids.length &&
      sopInstanceUids.every((uid) => bytesByInstance.has(uid));
    if (!isWhole) return false;
    await this.#mirror.install(series, arrived, bytesByInstance);
    this.counts.fetched++;
    return true;
  }
}

function isSame(before: readonly SeriesState[], after: readonly SeriesState[]): boolean {
  const identity = (states: readonly SeriesState[]) =>
    JSON.stringify(
      states.map(({ series, sopInstanceUids }) => [series.seriesUid, ...sopInstanceUids]),
    );
  return identity(before) === identity(after);
}

/** Refusals that say nothing of the other studies. */
function concernsOneStudy(error: unknown): error is FedvoxError {
  const codes = ['study-changed', 'malformed-answer', 'too-large', 'not-found', 'not-sent'];
  return error instanceof FedvoxError && codes.includes(error.code.replace(/^pacs\//, ''));
}
