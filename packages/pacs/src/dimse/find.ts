import { type DicomJson, isUid, TAG, textOf } from '../dicom-json.js';
import { fail } from '../errors.js';
import { type FoundSeries, foundSeries } from '../found-series.js';
import { nonsense } from '../instance-file.js';
import { type CaseQuery, levelKeys, matchesQuery } from '../query.js';
import type { DimseAssociation } from './dimse-association.js';
import { DimseDataset, type Response, requests } from './library.js';
import { checkOutcome } from './status.js';

/** Studies that one query may look into, and series that one study may hold. */
const MAX_ANSWERS = 100_000;

type FindLevel = 'STUDY' | 'SERIES' | 'IMAGE';

/** Attributes that are asked for or asked back, by the name that the library gives them. */
const KEYWORDS: Readonly<Record<string, string>> = {
  '00080016': 'SOPClassUID',
  '00080018': 'SOPInstanceUID',
  '00080020': 'StudyDate',
  '00080050': 'AccessionNumber',
  '00080060': 'Modality',
  '00080061': 'ModalitiesInStudy',
  '00081030': 'StudyDescription',
  '0008103E': 'SeriesDescription',
  '00100020': 'PatientID',
  '00180015': 'BodyPartExamined',
  '0020000D': 'StudyInstanceUID',
  '0020000E': 'SeriesInstanceUID',
  '00201209': 'NumberOfSeriesRelatedInstances',
};

/** A C-FIND of the Study Root model (PS3.4 C.6.2); an empty value asks the attribute back. */
function findRequest(level: FindLevel, keys: Readonly<Record<string, string>>) {
  const named = Object.entries(keys).map(([tag, value]) => {
    const keyword = KEYWORDS[tag];
    if (keyword === undefined) throw new Error(`attribute ${tag} has no keyword here`);
    return [keyword, value];
  });
  const request = new requests.CFindRequest();
  request.setDataset(new DimseDataset({ QueryRetrieveLevel: level, ...Object.fromEntries(named) }));
  return request;
}

/** What a pending answer says of the attributes known here, as DICOM's JSON model. */
function foundAttributes(response: Response): DicomJson {
  const elements = response.getDataset()?.getElements() ?? {};
  const found: DicomJson = {};
  for (const [tag, keyword] of Object.entries(KEYWORDS)) {
    const value: unknown = elements[keyword];
    if (value === undefined || value === null) continue;
    found[tag] = { Value: Array.isArray(value) ? value : [value] };
  }
  return found;
}

export async function findStudies(line: DimseAssociation, query: CaseQuery): Promise<DicomJson[]> {
  const keys = {
    [TAG.studyUid]: '',
    [TAG.modalitiesInStudy]: query.modality,
    ...levelKeys(query, 'study'),
  };
  const found = await find(line, 'STUDY', keys, MAX_ANSWERS);
  return found.filter((study) => matchesQuery(study, query, ['study']));
}

export async function findSeriesOf(
  line: DimseAssociation,
  study: DicomJson,
  query: CaseQuery,
): Promise<FoundSeries[]> {
  const studyUid = textOf(study, TAG.studyUid);
  if (!isUid(studyUid)) throw nonsense(line.asked, 'a UID is missing');
  const keys = {
    [TAG.studyUid]: studyUid,
    [TAG.seriesUid]: '',
    [TAG.seriesDescription]: '',
    [TAG.instanceCount]: '',
    ...levelKeys(query, 'series'),
  };
  const found = await find(line, 'SERIES', keys, MAX_ANSWERS);
  return found
    .filter((series) => matchesQuery({ ...study, ...series }, query))
    .map((series) => {
      const known = foundSeries(series, studyUid);
      if (known === undefined) throw nonsense(line.asked, 'a UID is missing');
      return { ...known, studyUid };
    });
}

/** One C-FIND with all its answers. */
export async function find(
  line: DimseAssociation,
  level: FindLevel,
  keys: Readonly<Record<string, string>>,
  limit: number,
): Promise<DicomJson[]> {
  const found: DicomJson[] = [];
  const last = await line.request(findRequest(level, keys), (response) => {
    if (found.length >= limit) throw fail('too-large', { ...line.asked, limit, unit: 'answers' });
    found.push(foundAttributes(response));
  });
  checkOutcome(last.getStatus(), line.asked);
  return found;
}
