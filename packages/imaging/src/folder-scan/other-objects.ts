import { fail } from '../errors.js';
import { groupBy } from '../group-by.js';
import { type Refusal, refusalOf } from '../refusal.js';
import type { ScannedFile } from './headers/scanned-file.js';
import type { SeriesFile } from './series-names.js';

const OBJECT_KINDS: Readonly<Record<string, string>> = {
  SR: 'a structured report',
  DOC: 'a document such as a PDF',
  PR: 'a presentation state',
  KO: 'a selection of key images',
  REG: 'a spatial registration',
  RTPLAN: 'a treatment plan',
  RTRECORD: 'a treatment record',
  ECG: 'an electrocardiogram',
  RWV: 'a map of real-world values',
  SEG: 'a segmentation without pixels',
};

/** Reports, presentation states and other DICOM without an image: one line a series. */
export function otherObjects(
  objects: readonly (Extract<ScannedFile, { kind: 'object' }> & SeriesFile)[],
  nameOf: (file: SeriesFile) => string,
): Refusal[] {
  return [...groupBy(objects, ({ uid }) => uid).values()].map(([first]) => {
    const what = nameOf(first!);
    const { modality } = first!;
    const kind = OBJECT_KINDS[modality];
    const named = kind === undefined ? modality : `${kind} (${modality})`;
    return refusalOf(what, fail('not-an-image', { what, kind: named }));
  });
}
