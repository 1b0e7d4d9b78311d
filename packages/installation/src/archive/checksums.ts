import { NotTar } from './tar-entries.js';

export const CHECKSUMS_FILE = 'SHA256SUMS';

/** By the path from the release's folder; the size where it is known. */
export type FileSums = ReadonlyMap<string, { readonly sha256: string; readonly size: number }>;

const LINE = /^([0-9a-f]{64}) {2}(.+)$/;

/** The file that `sha256sum --check` reads. @throws NotTar where a line is none of it */
export function checksumsOf(text: string): FileSums {
  const lines = text.split('\n').filter((line) => line !== '');
  return new Map(
    lines.map((line) => {
      const [, sha256, path] = LINE.exec(line) ?? [];
      if (sha256 === undefined || path === undefined) {
        throw new NotTar(`${JSON.stringify(line)} is no line of ${CHECKSUMS_FILE}`);
      }
      return [path, { sha256, size: 0 }];
    }),
  );
}

/** What is there and what is said to be there, where they differ; a few words each, in order of paths. */
export function sumProblems(found: FileSums, listed: FileSums): string[] {
  const paths = [...new Set([...found.keys(), ...listed.keys()])].sort();
  return paths.flatMap((path) => {
    const [is, said] = [found.get(path), listed.get(path)];
    if (is === undefined) return [`${path} is missing`];
    if (said === undefined) return [`${path} is not listed`];
    return is.sha256 === said.sha256 ? [] : [`${path} differs`];
  });
}
