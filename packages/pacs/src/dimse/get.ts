import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { SeriesKey } from '../found-series.js';
import { ArrivingSeries, type Destination } from './arriving-series.js';
import type { DimseAssociation } from './dimse-association.js';
import { requests, responses } from './library.js';
import { checkOutcome } from './status.js';

/** The whole series the first time; after a cut, one by one what it left missing. */
export async function getMissing(
  line: DimseAssociation,
  { studyUid, seriesUid }: SeriesKey,
  listed: readonly string[],
  destination: Destination,
): Promise<void> {
  const { folder, saved } = destination;
  for (const name of await readdir(folder)) {
    if (name.endsWith('.part')) await rm(join(folder, name));
  }
  const arriving = new ArrivingSeries(destination, line.asked, line);
  line.receiveBy(arriving);
  const { CGetRequest } = requests;
  const missing = listed.filter((uid) => !saved.has(uid));
  const wanted =
    saved.size === 0
      ? [CGetRequest.createSeriesGetRequest(studyUid, seriesUid)]
      : missing.map((uid) => CGetRequest.createImageGetRequest(studyUid, seriesUid, uid));
  try {
    for (const request of wanted) {
      const last = await line.request(request);
      const failed = last instanceof responses.CGetResponse ? last.getFailures() : undefined;
      checkOutcome(last.getStatus(), line.asked, failed);
    }
  } finally {
    await arriving.close();
  }
}
