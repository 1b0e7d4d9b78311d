import { dirname, relative } from 'node:path';

/** A file of a series, by the series' UID. */
export interface SeriesFile {
  readonly uid: string;
  readonly path: string;
}

const SHORTEST_UID_END = 8;

/** What series are called: the folder, and as much of the UID's end as tells all of them apart. */
export function seriesNames(
  root: string,
  files: readonly SeriesFile[],
): (file: SeriesFile) => string {
  const uids = [...new Set(files.map(({ uid }) => uid))];
  const longest = Math.max(0, ...uids.map((uid) => uid.length));
  let length = SHORTEST_UID_END;
  while (length < longest && new Set(uids.map((uid) => uid.slice(-length))).size < uids.length) {
    length++;
  }
  return ({ uid, path }) =>
    `${relative(root, dirname(path)) || '.'} (series …${uid.slice(-length)})`;
}
