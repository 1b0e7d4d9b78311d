import { type FedvoxError, type Sha256, sha256 } from '@fedvox/base';
import { type FileIndex, readIndex, writeIndex } from '../file-index/index-file.js';
import { programStamp } from '../file-index/program-stamp.js';
import type { Dataset } from './case-ref.js';

/** Data sets as they were opened: jobs that take turns have one each. */
const MAX_REMEMBERED = 4;
/** A file that could not be opened may be opened next time, though nothing of it changes. */
const MAY_PASS = 'imaging/folder-unreadable';

interface Remembering {
  /** Finds out anew. */
  open(): Promise<Dataset>;
  /** Is told why what was kept is of no use, or cannot be kept. */
  onProblem(problem: FedvoxError): void;
}

/**
 * A data set as it was found before, where its files are as they were then; else what is found now, which is kept for the
 * next time.
 * @param path the file that keeps data sets, those used last
 * @param key of all that says how the folder is to be read
 * @param state of the files that decide what it is (`filesState`), before they are read
 */
export async function rememberedDataset(
  path: string,
  key: Sha256,
  state: Sha256 | undefined,
  { open, onProblem }: Remembering,
): Promise<Dataset> {
  const stamp = sha256(`data sets of ${await programStamp()}`);
  const { index, problem } = await readIndex<Dataset>(path, stamp);
  if (problem !== undefined) onProblem(problem);
  const known = index.get(key);
  if (known !== undefined && known.identity === state) return known.value;
  const dataset = await open();
  if (state === undefined || dataset.refused.some(({ code }) => code === MAY_PASS)) return dataset;
  const others = [...index].filter(([other]) => other !== key);
  const next: FileIndex<Dataset> = new Map([
    ...others.slice(1 - MAX_REMEMBERED),
    [key, { identity: state, value: dataset }],
  ]);
  const notKept = await writeIndex(path, stamp, next);
  if (notKept !== undefined) onProblem(notKept);
  return dataset;
}
