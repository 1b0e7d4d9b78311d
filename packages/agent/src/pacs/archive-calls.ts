import type { Chance, Clock } from '@fedvox/base';
import type { Logger } from '@fedvox/base/system';
import {
  type Archive,
  type FetchReport,
  type FoundSeries,
  fetchCases,
  openArchive,
  type PacsSource,
} from '@fedvox/pacs';
import type { StateFolder } from '../state/state-folder.js';

export interface ArchiveOptions {
  readonly clock: Clock;
  readonly chance: Chance;
  readonly log?: Logger;
  readonly signal?: AbortSignal;
  /** Studies done, of all. */
  readonly onProgress?: (done: number, total: number) => void;
}

/** The series that match the site's query, images only; nothing is fetched. */
export function findInArchive(source: PacsSource, options: ArchiveOptions): Promise<FoundSeries[]> {
  return withArchive(source, options, async (archive) => {
    await archive.echo();
    return archive.findSeries(source.query, { limit: source.maxSeries });
  });
}

/**
 * Makes the site's folder of fetched series what the archive holds now. For the holder of the
 * state folder's lock.
 * @throws FedvoxError `pacs/…`
 */
export async function fetchArchive(
  source: PacsSource,
  folder: StateFolder,
  options: ArchiveOptions,
): Promise<FetchReport> {
  const { log, signal, onProgress } = options;
  const report = await withArchive(source, options, (archive) =>
    fetchCases(archive, source.query, folder.pacs, {
      maxSeries: source.maxSeries,
      ...(signal === undefined ? {} : { signal }),
      ...(onProgress === undefined ? {} : { onProgress }),
    }),
  );
  const { series, fetched, unchanged, removed, refused } = report;
  log?.info({ series: series.length, fetched, unchanged, removed }, 'archive read');
  for (const refusal of refused) log?.warn(refusal, 'study refused');
  return report;
}

/** Sends a DICOM file back; its SOP instance UID once the archive holds it. */
export function storeInArchive(
  source: PacsSource,
  path: string,
  options: ArchiveOptions,
): Promise<string> {
  return withArchive(source, options, (archive) => archive.storeInstance(path));
}

async function withArchive<T>(
  source: PacsSource,
  { clock, chance, log }: ArchiveOptions,
  use: (archive: Archive) => Promise<T>,
): Promise<T> {
  const onRetry = (error: unknown) => log?.warn({ err: error }, 'the archive is asked again');
  const archive = await openArchive(source, { clock, jitter: chance.uniform, onRetry });
  try {
    return await use(archive);
  } finally {
    archive.close();
  }
}
