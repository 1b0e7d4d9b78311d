import { z } from 'zod';

/** DICOM's JSON model (PS3.18 F.2): attributes by tag, eight hexadecimal digits in upper case. */
export const dicomJsonSchema = z.record(
  z.string(),
  z.looseObject({ Value: z.array(z.unknown()).optional() }),
);
export const dicomJsonListSchema = z.array(dicomJsonSchema);

export type DicomJson = z.output<typeof dicomJsonSchema>;

export const TAG = {
  studyUid: '0020000D',
  seriesUid: '0020000E',
  sopClassUid: '00080016',
  sopInstanceUid: '00080018',
  modality: '00080060',
  modalitiesInStudy: '00080061',
  seriesDescription: '0008103E',
  instanceCount: '00201209',
  failedSequence: '00081198',
  failureReason: '00081197',
  referencedSequence: '00081199',
  referencedSopInstanceUid: '00081155',
} as const;

/** First value as text; undefined where there is none, or an empty one. */
export function textOf(attributes: DicomJson, tag: string): string | undefined {
  const value = attributes[tag]?.Value?.[0];
  if (typeof value === 'number') return String(value);
  return typeof value === 'string' && value.trim() !== '' ? value.trim() : undefined;
}

/** Some archives give an IS as a number and some as a text. */
export function countOf(attributes: DicomJson, tag: string): number | undefined {
  const count = Number(textOf(attributes, tag));
  return Number.isSafeInteger(count) && count >= 0 ? count : undefined;
}

/** Items of a sequence; none where it is absent. */
export function itemsOf(attributes: DicomJson, tag: string): DicomJson[] {
  const parsed = dicomJsonListSchema.safeParse(attributes[tag]?.Value ?? []);
  return parsed.success ? parsed.data : [];
}

const UID = /^(?=.{1,64}$)\d+(\.\d+)*$/;

/** A UID becomes part of an address and of a path: nothing but digits and single dots. */
export function isUid(text: string | undefined): text is string {
  return text !== undefined && UID.test(text);
}
