import { z } from 'zod';
import { type DicomJson, textOf } from './dicom-json.js';

/** A text to match; `*` and `?` stand for what is not known (PS3.4 C.2.2.2.4). */
const textSchema = z
  .string()
  .min(1)
  .max(64)
  // A backslash separates values in DICOM.
  .regex(/^[^\\\p{Cc}]+$/u, 'must not hold a backslash or a control character');

const DATE = '\\d{8}';
const dateRangeSchema = z
  .string()
  .regex(
    new RegExp(`^(${DATE}|${DATE}-|-${DATE}|${DATE}-${DATE})$`),
    'must be YYYYMMDD, YYYYMMDD-, -YYYYMMDD or YYYYMMDD-YYYYMMDD',
  );

/** Which series are wanted; all conditions must hold. */
export const caseQuerySchema = z.strictObject({
  modality: z
    .string()
    .regex(/^[A-Z]{2,16}$/, 'must be a modality such as MR')
    .describe('DICOM’s code: `MR`, `CT`, `PT`'),
  seriesDescription: textSchema.optional().describe('`*` and `?` stand for what is not known'),
  bodyPart: textSchema.optional().describe('BodyPartExamined'),
  studyDescription: textSchema.optional().describe('As `seriesDescription`'),
  studyDate: dateRangeSchema.optional().describe('`YYYYMMDD`, or a range of them'),
  patientId: textSchema.optional().describe('As the archive has it'),
  accessionNumber: textSchema.optional().describe('Of one order'),
  labelDescription: textSchema
    .optional()
    .describe(
      'SeriesDescription of the segmentations and structure sets to take along; all of a study where absent. For studies with labels of several kinds',
    ),
});

export type CaseQuery = z.output<typeof caseQuerySchema>;

interface Filter {
  readonly tag: string;
  readonly level: 'study' | 'series';
  matches(found: string, wanted: string): boolean;
}

type ImageCondition = Exclude<keyof CaseQuery, 'labelDescription'>;

const FILTERS: { readonly [Key in ImageCondition]: Filter } = {
  modality: { tag: '00080060', level: 'series', matches: matchesText },
  seriesDescription: { tag: '0008103E', level: 'series', matches: matchesText },
  bodyPart: { tag: '00180015', level: 'series', matches: matchesText },
  studyDescription: { tag: '00081030', level: 'study', matches: matchesText },
  studyDate: { tag: '00080020', level: 'study', matches: matchesDate },
  patientId: { tag: '00100020', level: 'study', matches: matchesText },
  accessionNumber: { tag: '00080050', level: 'study', matches: matchesText },
};

type Condition = Filter & { readonly wanted: string };

function conditionsOf(query: CaseQuery): Condition[] {
  return (Object.keys(FILTERS) as ImageCondition[]).flatMap((key) => {
    const wanted = query[key];
    return wanted === undefined ? [] : [{ ...FILTERS[key], wanted }];
  });
}

/** Only what is asked of a series itself: for the series of a study that is already known. */
export function seriesConditions({ modality, seriesDescription, bodyPart }: CaseQuery): CaseQuery {
  return {
    modality,
    ...(seriesDescription === undefined ? {} : { seriesDescription }),
    ...(bodyPart === undefined ? {} : { bodyPart }),
  };
}

/** What may label the images: segmentations, and radiotherapy structure sets. */
export function labelConditions({ labelDescription }: CaseQuery): CaseQuery[] {
  return ['SEG', 'RTSTRUCT'].map((modality) => ({
    modality,
    ...(labelDescription === undefined ? {} : { seriesDescription: labelDescription }),
  }));
}

/** QIDO-RS parameters (PS3.18 8.3.4); every condition's attribute is asked back, to be checked. */
export function queryParameters(query: CaseQuery): [string, string][] {
  return conditionsOf(query).flatMap(({ tag, wanted }): [string, string][] => [
    [tag, plainText(wanted)],
    ['includefield', tag],
  ]);
}

/** What an archive is asked for at one level of the hierarchy (PS3.4 C.6.2), by tag. */
export function levelKeys(query: CaseQuery, level: Filter['level']): Record<string, string> {
  const conditions = conditionsOf(query).filter((condition) => condition.level === level);
  return Object.fromEntries(conditions.map(({ tag, wanted }) => [tag, plainText(wanted)]));
}

/**
 * Every character that needs an escape in an address becomes `*`, and answers are checked here: some
 * archives (Orthanc's DICOMweb 1.7) do not undo escapes, and each has its own idea of character sets.
 */
function plainText(wanted: string): string {
  return wanted.replace(/[^\w.~*-]+/g, '*');
}

/**
 * Whether a found series is what was asked for. An archive may ignore a condition that it does not
 * support, and that must not widen what is trained on. For a study's attribute that it left out of
 * its answer its word is taken, where it was asked exactly what is wanted.
 */
export function matchesQuery(
  found: DicomJson,
  query: CaseQuery,
  levels: readonly Filter['level'][] = ['study', 'series'],
): boolean {
  const conditions = conditionsOf(query).filter(({ level }) => levels.includes(level));
  return conditions.every(({ tag, level, wanted, matches }) => {
    const text = textOf(found, tag);
    if (text !== undefined) return matches(text, wanted);
    return level === 'study' && plainText(wanted) === wanted;
  });
}

/** Wildcards step by step, without backtracking over more than one `*`. Case does not count. */
export function matchesText(found: string, wanted: string): boolean {
  const text = found.trim().toLowerCase();
  const pattern = wanted.trim().toLowerCase();
  let at = 0;
  let p = 0;
  let star = -1;
  let resume = 0;
  while (at < text.length) {
    if (p < pattern.length && pattern[p] === '*') {
      star = p++;
      resume = at;
    } else if (p < pattern.length && (pattern[p] === '?' || pattern[p] === text[at])) {
      p++;
      at++;
    } else if (star >= 0) {
      p = star + 1;
      at = ++resume;
    } else {
      return false;
    }
  }
  return pattern.slice(p).replaceAll('*', '') === '';
}

function matchesDate(found: string, wanted: string): boolean {
  if (!wanted.includes('-')) return found === wanted;
  const [first = '', last = ''] = wanted.split('-');
  return (first === '' || found >= first) && (last === '' || found <= last);
}
