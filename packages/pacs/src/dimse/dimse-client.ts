import { mkdir, rm } from 'node:fs/promises';
import { syncFolder } from '@fedvox/base/system';
import type { Archive, FindOptions } from '../archive.js';
import { readConnectionFile } from '../archive-credentials.js';
import { isUid, TAG, textOf } from '../dicom-json.js';
import type { DicomWebOptions } from '../dicomweb-client.js';
import { fail } from '../errors.js';
import { bySeries, type FoundSeries, type SeriesKey } from '../found-series.js';
import { DEFAULT_HTTP_LIMITS } from '../http-connection.js';
import { nonsense } from '../instance-file.js';
import type { CaseQuery } from '../query.js';
import { DEFAULT_RETRIEVE_LIMITS, type RetrieveLimits } from '../retrieve.js';
import { retrying } from '../retrying.js';
import type { PacsSource } from '../source.js';
import { type ArchiveAddress, archiveAddress } from './archive-address.js';
import { DimseAssociation } from './dimse-association.js';
import { find, findSeriesOf, findStudies } from './find.js';
import { getMissing } from './get.js';
import { requests } from './library.js';
import {
  MAX_PROPOSALS,
  PLAIN_SYNTAXES,
  type Proposal,
  receiving,
  STUDY_ROOT_FIND,
  STUDY_ROOT_GET,
  USUAL_CLASSES,
  VERIFICATION,
} from './presentation-contexts.js';
import { checkOutcome, isStored, statusText } from './status.js';
import { readStoredObject, storeRequest } from './stored-object.js';

/** @throws FedvoxError `pacs/credentials-unreadable` */
export async function openDimse(
  { url, aeTitle, ca, certificate, key }: PacsSource,
  options: DicomWebOptions,
): Promise<DimseClient> {
  const tls = {
    ...(ca === undefined ? {} : { ca: await readConnectionFile(ca) }),
    ...(certificate === undefined ? {} : { cert: await readConnectionFile(certificate) }),
    ...(key === undefined ? {} : { key: await readConnectionFile(key) }),
  };
  return new DimseClient(archiveAddress(url, aeTitle, tls), options);
}

/**
 * DIMSE (PS3.7): C-ECHO, C-FIND, C-GET and C-STORE to one archive, each in an association of its own
 * that we open. Nothing listens here: with C-GET the objects come by the same connection.
 */
export class DimseClient implements Archive {
  readonly #address: ArchiveAddress;
  readonly #options: DicomWebOptions;

  constructor(address: ArchiveAddress, options: DicomWebOptions) {
    this.#address = address;
    this.#options = options;
  }

  get host(): string {
    return this.#address.host;
  }

  async echo(signal?: AbortSignal): Promise<void> {
    const proposals = [{ abstractSyntax: VERIFICATION, transferSyntaxes: PLAIN_SYNTAXES }];
    await this.#associate('answer', proposals, signal, async (line) => {
      checkOutcome((await line.request(new requests.CEchoRequest())).getStatus(), line.asked);
    });
  }

  /** Study by study where none is named: series are found only below their study (PS3.4 C.6.2.1). */
  findSeries(
    query: CaseQuery,
    { studyUid, limit = Number.POSITIVE_INFINITY, signal }: FindOptions = {},
  ): Promise<FoundSeries[]> {
    return this.#find('search for series', signal, async (line) => {
      const studies =
        studyUid === undefined
          ? await findStudies(line, query)
          : [{ [TAG.studyUid]: { Value: [studyUid] } }];
      const found: FoundSeries[] = [];
      for (const study of studies) {
        found.push(...(await findSeriesOf(line, study, query)));
        if (found.length > limit) throw fail('too-large', { ...line.asked, limit, unit: 'series' });
      }
      return found.sort(bySeries);
    });
  }

  async findInstances(series: SeriesKey, signal?: AbortSignal): Promise<string[]> {
    return (await this.#describeSeries(series, signal)).sopInstanceUids;
  }

  /** What came whole before a connection broke is not asked for again. */
  async retrieveSeries(
    series: SeriesKey,
    folder: string,
    signal?: AbortSignal,
  ): Promise<ReadonlyMap<string, number>> {
    await rm(folder, { recursive: true, force: true });
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const listed = await this.#describeSeries(series, signal);
    const destination = { folder, saved: new Map<string, number>(), limits: this.#retrieveLimits };
    const proposals = [
      { abstractSyntax: STUDY_ROOT_GET, transferSyntaxes: PLAIN_SYNTAXES },
      ...receiving(listed.sopClassUids.length === 0 ? USUAL_CLASSES : listed.sopClassUids),
    ];
    const what = `fetch series ${series.seriesUid}`;
    if (proposals.length > MAX_PROPOSALS) {
      throw fail('too-large', { host: this.host, what, limit: MAX_PROPOSALS, unit: 'contexts' });
    }
    await this.#associate(what, proposals, signal, (line) =>
      getMissing(line, series, listed.sopInstanceUids, destination),
    );
    await syncFolder(folder);
    return destination.saved;
  }

  async storeInstance(path: string, signal?: AbortSignal): Promise<string> {
    const object = await readStoredObject(path);
    const { sopClassUid, sopInstanceUid, transferSyntaxUid } = object;
    const proposals = [{ abstractSyntax: sopClassUid, transferSyntaxes: [transferSyntaxUid] }];
    await this.#associate('store an object', proposals, signal, async (line) => {
      const status = (await line.request(storeRequest(object))).getStatus();
      const { host } = this;
      if (!isStored(status)) throw fail('not-stored', { host, reason: statusText(status) });
    });
    return sopInstanceUid;
  }

  close(): void {
    // Nothing is held.
  }

  get #retrieveLimits(): RetrieveLimits {
    return this.#options.retrieveLimits ?? DEFAULT_RETRIEVE_LIMITS;
  }

  async #describeSeries(series: SeriesKey, signal: AbortSignal | undefined) {
    const keys = {
      [TAG.studyUid]: series.studyUid,
      [TAG.seriesUid]: series.seriesUid,
      [TAG.sopInstanceUid]: '',
      [TAG.sopClassUid]: '',
    };
    const what = 'list the instances of a series';
    const { maxParts } = this.#retrieveLimits;
    const found = await this.#find(what, signal, (line) => find(line, 'IMAGE', keys, maxParts));
    const textsOf = (tag: string) => found.map((attributes) => textOf(attributes, tag));
    const sopInstanceUids = textsOf(TAG.sopInstanceUid);
    if (!sopInstanceUids.every(isUid)) {
      throw nonsense({ host: this.host, what }, 'a UID is missing');
    }
    const sopClassUids = [...new Set(textsOf(TAG.sopClassUid).filter(isUid))];
    return { sopInstanceUids: sopInstanceUids.sort(), sopClassUids };
  }

  #find<T>(
    what: string,
    signal: AbortSignal | undefined,
    use: (line: DimseAssociation) => Promise<T>,
  ): Promise<T> {
    const proposals = [{ abstractSyntax: STUDY_ROOT_FIND, transferSyntaxes: PLAIN_SYNTAXES }];
    return this.#associate(what, proposals, signal, use);
  }

  /** The first proposal is what it is about; a refused one of the others shows in the answers. */
  #associate<T>(
    what: string,
    proposals: readonly Proposal[],
    signal: AbortSignal | undefined,
    use: (line: DimseAssociation) => Promise<T>,
  ): Promise<T> {
    const { clock, httpLimits = DEFAULT_HTTP_LIMITS } = this.#options;
    const options = { clock, limits: httpLimits, what, signal };
    return retrying(this.#options, signal, async () => {
      const line = await DimseAssociation.open(this.#address, proposals, options);
      try {
        const [needed] = proposals;
        if (needed !== undefined && !line.accepts(needed.abstractSyntax)) {
          throw fail('no-presentation-context', { ...line.asked });
        }
        return await use(line);
      } finally {
        await line.release();
      }
    });
  }
}
