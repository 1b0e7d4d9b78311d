import type { FetchReport, PacsSource } from '@fedvox/pacs';
import type { SiteConfig } from '../config.js';
import { fail } from '../errors.js';
import { openStateFolder } from '../state/open-state-folder.js';
import { type ArchiveOptions, fetchArchive, storeInArchive } from './archive-calls.js';

/**
 * Fetches what the site's query matches, as its agent does before a job.
 * @throws FedvoxError `agent/no-archive`; `agent/already-running`, lest series vanish under a training
 *   agent; `pacs/…`
 */
export async function fetchSiteData(
  config: SiteConfig,
  options: ArchiveOptions,
): Promise<FetchReport> {
  const source = archiveOf(config);
  const { folder, lock } = await openStateFolder(config.stateDir, options.clock);
  try {
    return await fetchArchive(source, folder, options);
  } finally {
    await lock.release();
  }
}

/**
 * Stores a DICOM file, such as a segmentation, in the site's archive.
 * @returns its SOP instance UID
 * @throws FedvoxError `agent/no-archive`, `pacs/…`
 */
export async function storeSiteResult(
  config: SiteConfig,
  path: string,
  options: ArchiveOptions,
): Promise<string> {
  return storeInArchive(archiveOf(config), path, options);
}

function archiveOf({ site, pacs }: SiteConfig): PacsSource {
  if (pacs === undefined) throw fail('no-archive', { site });
  return pacs;
}
