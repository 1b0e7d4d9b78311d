import { existsSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';

/** `DIR/path`; or, where DIR is itself the path's first folder, the rest of the path below DIR. Undefined where neither is there. */
export function folderBelow(dataDir: string, path: string): string | undefined {
  const folder = resolve(dataDir);
  const candidates = [join(folder, path)];
  if (path.split('/')[0] === basename(folder)) candidates.push(join(dirname(folder), path));
  return candidates.find((candidate) => existsSync(candidate));
}
