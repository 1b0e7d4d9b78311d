import { boundedMap } from '../../bounded-map.js';
import { type ScannedFile, scanFile } from './scanned-file.js';

/** What a thread says of the paths that it was sent. */
export type HeaderAnswer = { readonly files: readonly ScannedFile[] } | { readonly error: Error };

const MAX_OPEN_FILES = 8;

export function readBatch(paths: readonly string[]): Promise<readonly ScannedFile[]> {
  return boundedMap(paths, MAX_OPEN_FILES, scanFile);
}
