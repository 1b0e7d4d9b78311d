import type { FoundSeries, SeriesKey } from './found-series.js';
import type { CaseQuery } from './query.js';

/**
 * A hospital's archive, whichever way it is asked. Transient failures are tried again with back-off;
 * every other is thrown at once as `pacs/…`. A signal's abort throws its reason.
 */
export interface Archive {
  /** Name and port, for error messages. */
  readonly host: string;
  /** Whether it answers this site at all. */
  echo(signal?: AbortSignal): Promise<void>;
  /** Series that match, of one study or of all, in the order of their UIDs. */
  findSeries(query: CaseQuery, options?: FindOptions): Promise<FoundSeries[]>;
  /** SOP instance UIDs of a series, sorted. */
  findInstances(series: SeriesKey, signal?: AbortSignal): Promise<string[]>;
  /**
   * Saves a series' instances as `<SOP instance UID>.dcm`, in the transfer syntax that the archive
   * holds. Only a resolved promise makes the folder whole.
   * @returns the bytes of each file by SOP instance UID
   */
  retrieveSeries(
    series: SeriesKey,
    folder: string,
    signal?: AbortSignal,
  ): Promise<ReadonlyMap<string, number>>;
  /**
   * Sends a DICOM file. Sending one twice does no harm.
   * @returns its SOP instance UID, once the archive says that it holds it
   * @throws FedvoxError also `pacs/not-storable`, `pacs/not-stored`
   */
  storeInstance(path: string, signal?: AbortSignal): Promise<string>;
  close(): void;
}

export interface FindOptions {
  readonly studyUid?: string;
  /** Finding more throws `pacs/too-large`. */
  readonly limit?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}
