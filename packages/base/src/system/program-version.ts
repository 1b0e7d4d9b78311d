import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';

/** What a release writes beside the code, for there is no checkout that could say it. */
export const RELEASE_FILE = 'release.json';

const buildInfoSchema = z.looseObject({
  version: z.string().min(1),
  commit: z.string().regex(/^[0-9a-f]{40}(\+changes)?$/, 'is no commit'),
});
const manifestSchema = z.looseObject({ name: z.string(), version: z.string().min(1) });

/** Where the program lies, and what stands there of its version. */
export interface ProgramHome {
  /** The root of the repository, or wherever a release has its `release.json`. */
  readonly folder: string;
  readonly version: string;
  /** 40 hexadecimal digits, as a release says them; null in a checkout. */
  readonly commit: string | null;
}

const OWN_FOLDER = dirname(fileURLToPath(import.meta.url));

/** Which version of Fedvox runs, as the root's `package.json` or the release says it. */
export function programVersion(): string {
  return programHome().version;
}

/**
 * The nearest folder upwards that is a release's or the repository's root.
 * @param within a folder of the code; its own unless a test says another
 */
export function programHome(within = OWN_FOLDER): ProgramHome {
  const built = readAt(within, RELEASE_FILE);
  if (built !== undefined) {
    const { version, commit } = buildInfoSchema.parse(JSON.parse(built));
    return { folder: within, version, commit };
  }
  const text = readAt(within, 'package.json');
  const manifest = text === undefined ? undefined : manifestSchema.safeParse(JSON.parse(text)).data;
  if (manifest?.name === 'fedvox') {
    return { folder: within, version: manifest.version, commit: null };
  }
  const parent = dirname(within);
  if (parent === within) throw new Error(`no ${RELEASE_FILE} above the code says its version`);
  return programHome(parent);
}

function readAt(folder: string, name: string): string | undefined {
  const path = join(folder, name);
  return existsSync(path) ? readFileSync(path, 'utf8') : undefined;
}
