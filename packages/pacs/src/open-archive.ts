import type { Archive } from './archive.js';
import { type DicomWebOptions, openDicomWeb } from './dicomweb-client.js';
import { isDimse, type PacsSource } from './source.js';

/**
 * Opens the archive of a site, by DICOMweb or by DIMSE as its URL says; nothing is sent yet.
 * @throws FedvoxError `pacs/credentials-…`
 */
export async function openArchive(source: PacsSource, options: DicomWebOptions): Promise<Archive> {
  if (!isDimse(source.url)) return openDicomWeb(source, options);
  // Loaded only here: its dictionary takes memory that a site with DICOMweb has no use for.
  const { openDimse } = await import('./dimse/dimse-client.js');
  return openDimse(source, options);
}
