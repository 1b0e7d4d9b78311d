import { existsSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { errorText, FedvoxError } from '@fedvox/base';
import { isDiskFull, makeFolder, systemFailure } from '@fedvox/base/system';
import {
  type FoundScan,
  isWrittenName,
  type LabelMap,
  seriesReference,
  WRITTEN_ENDINGS,
  writeDicomSeg,
  writeVolumeFile,
} from '@fedvox/imaging';
import type { Job } from '@fedvox/job';
import { fail } from '../errors.js';

const SEG_ENDING = '.dcm';
const SEG_NAME = /\.dcm$/i;

/** Whether a name says what a prediction is written as: a volume file or a DICOM SEG. */
export function isPredictionName(path: string): boolean {
  return SEG_NAME.test(path) || isWrittenName(path);
}

/**
 * Asserts that a prediction of such a scan is written to names such as this one.
 * @throws FedvoxError `learning/output-kind`
 */
export function checkOutputKind(outputPath: string, { format }: Pick<FoundScan, 'format'>): void {
  const isSeries = format === 'dicom';
  if (isWrittenName(outputPath) || (isSeries && SEG_NAME.test(outputPath))) return;
  const kinds = [...WRITTEN_ENDINGS, ...(isSeries ? [SEG_ENDING] : [])];
  throw fail('output-kind', { outputPath, kinds: kinds.join(' or ') });
}

/** How the prediction of a scan is called where only a folder is named: in the scan's own format, SEG for DICOM. */
export function endingFor({ format }: Pick<FoundScan, 'format'>): string {
  if (format === 'dicom') return SEG_ENDING;
  return format === 'nrrd' ? '.nrrd' : '.nii.gz';
}

/** Whether a path is one of some files, by whatever name. */
export function sameFileTest(files: readonly string[]): (path: string) => Promise<boolean> {
  let known: Promise<Set<string>> | undefined;
  return async (path) => {
    known ??= Promise.all(files.map(identity)).then((all) => new Set(all));
    return (await known).has(await identity(path));
  };
}

async function identity(path: string): Promise<string> {
  const { dev, ino } = await stat(path);
  return `${dev} ${ino}`;
}

/**
 * Whether a file is there that a prediction would replace.
 * @param isRead whether a path is of what predictions are made of
 * @throws FedvoxError `learning/output-is-input`
 */
export async function isReplaced(
  outputPath: string,
  isRead: (path: string) => Promise<boolean>,
): Promise<boolean> {
  if (!existsSync(outputPath)) return false;
  if (await isRead(outputPath)) throw fail('output-is-input', { outputPath });
  return true;
}

/**
 * Writes a label map as its name says, into a folder that is made if need be; a SEG refers to the series that it
 * was made of.
 * @throws FedvoxError `learning/output-unwritable`, `imaging/unwritable-volume`
 */
export async function writePrediction(
  outputPath: string,
  labels: LabelMap,
  scan: FoundScan,
  job: Job,
  createdAt: Date,
): Promise<void> {
  try {
    await makeFolder(dirname(outputPath));
    if (SEG_NAME.test(outputPath)) await writeSeg(outputPath, labels, scan, job, createdAt);
    else await writeVolumeFile(outputPath, labels);
  } catch (cause) {
    // A disk that is full has no room for the next one either.
    const isOfThisFile = 'code' in (cause as Error) && !isDiskFull(cause);
    if (cause instanceof FedvoxError || !isOfThisFile) throw cause;
    const reason = errorText(systemFailure(cause) ?? cause);
    throw fail('output-unwritable', { outputPath, reason }, { cause });
  }
}

async function writeSeg(
  outputPath: string,
  labels: LabelMap,
  { ref }: FoundScan,
  job: Job,
  createdAt: Date,
): Promise<void> {
  const segments = job.classes
    .map((label, value) => ({ value, label }))
    .filter(({ value }) => value > 0);
  await writeDicomSeg(outputPath, labels, segments, await seriesReference(ref), {
    // Two predictions of one scan are two objects.
    identity: `prediction/${job.name}/${createdAt.toISOString()}`,
    createdAt,
    seriesDescription: 'Fedvox prediction',
  });
}
