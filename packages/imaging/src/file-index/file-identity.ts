import { stat } from 'node:fs/promises';

/** What tells, without reading a file, that it is still the one that was read. */
export interface FileIdentity {
  /** Size, inode, and both times to the nanosecond. */
  readonly text: string;
  /** When content or attributes were last changed. */
  readonly changedMs: number;
}

/**
 * A file changed so lately may be changed again without its times telling, which may be as coarse as two
 * seconds: it is not remembered yet.
 */
const SETTLED_AFTER_MS = 2_500;

export function isSettled({ changedMs }: FileIdentity, nowMs: number): boolean {
  return changedMs <= nowMs - SETTLED_AFTER_MS;
}

/** Of the file that a path leads to; `undefined` where it leads to none that can be looked at. */
export async function fileIdentity(path: string): Promise<FileIdentity | undefined> {
  try {
    const { size, ino, mtimeNs, ctimeNs, mtimeMs, ctimeMs } = await stat(path, { bigint: true });
    // Copying tools set the time of modification back, but nobody sets that of the change.
    const changedMs = Math.max(Number(mtimeMs), Number(ctimeMs));
    return { text: [size, ino, mtimeNs, ctimeNs].join(' '), changedMs };
  } catch (error) {
    // Whoever reads it says why it cannot be read.
    if ((error as NodeJS.ErrnoException).code === undefined) throw error;
    return undefined;
  }
}
