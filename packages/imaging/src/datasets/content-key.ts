import { canonicalJson, type Sha256, sha256 } from '@fedvox/base';
import { sha256File } from '@fedvox/base/system';
import type { CaseRef, CaseSource, DicomSource } from './case-ref.js';

/** Every file of a case, image first. */
export function filesOf({ source }: CaseRef): string[] {
  if (source.kind === 'file') {
    const { imagePath, label, dataPaths = [] } = source;
    return [imagePath, ...(label === undefined ? [] : [label.path]), ...dataPaths];
  }
  const images = new Set(source.stack.frames.map(({ path }) => path));
  return [...images, ...source.labels.map(({ path }) => path)];
}

/**
 * Identity of a case's content: the digests of its files and what their labels mean. It is the same
 * wherever the files lie, and another as soon as one byte of them is.
 */
export async function contentKey(
  ref: CaseRef,
  digestOf: (path: string) => Promise<Sha256> = sha256File,
): Promise<Sha256> {
  const digests: Sha256[] = [];
  for (const path of filesOf(ref)) digests.push(await digestOf(path));
  const { source } = ref;
  return sha256(
    canonicalJson({
      digests,
      labels: labelMeaning(source),
      ...volumeOf(source),
      ...paddingIn(source),
    }),
  );
}

/** An enhanced file may hold several volumes. */
function volumeOf(source: CaseSource): Pick<DicomSource, 'volume'> {
  return source.kind === 'dicom' && source.volume !== undefined ? { volume: source.volume } : {};
}

function paddingIn(source: CaseSource): Partial<Pick<DicomSource, 'padding'>> {
  return source.kind === 'dicom' && source.padding === 'keep' ? { padding: 'keep' } : {};
}

function labelMeaning(source: CaseSource): unknown {
  if (source.kind === 'file') return [...(source.label?.classOf ?? [])];
  const { overlaps, contourGaps } = source;
  const classes = source.labels.map(({ classOf }) => [...classOf]);
  return { overlaps, classes, ...(contourGaps === 'refuse' ? {} : { contourGaps }) };
}
