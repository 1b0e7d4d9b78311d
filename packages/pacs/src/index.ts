export type { Archive, FindOptions } from './archive.js';
export { type DicomJson, textOf } from './dicom-json.js';
export { DicomWebClient, type DicomWebOptions, openDicomWeb } from './dicomweb-client.js';
export { ERRORS, isTransient } from './errors.js';
export {
  type FetchOptions,
  type FetchReport,
  fetchCases,
  type RefusedStudy,
} from './fetch-cases.js';
export type { FoundSeries, SeriesKey } from './found-series.js';
export { HttpConnection, type HttpConnectionOptions, type HttpLimits } from './http-connection.js';
export { casesFolder } from './mirror-folder.js';
export { openArchive } from './open-archive.js';
export { type CaseQuery, caseQuerySchema } from './query.js';
export type { RetrieveLimits } from './retrieve.js';
export {
  checkPacsSource,
  type PacsSource,
  pacsSourceSchema,
  pacsSourceShape,
} from './source.js';
