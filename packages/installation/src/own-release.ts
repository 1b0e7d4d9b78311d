import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { errorText } from '@fedvox/base';
import { RELEASE_FILE } from '@fedvox/base/system';
import { z } from 'zod';
import { fail } from './errors.js';

const KEY = 'release.pub';

const descriptionSchema = z.object({
  version: z.string(),
  /** Of the sources that it was made of. */
  commit: z.string(),
  platform: z.string(),
  node: z.string(),
  /** The version that the engine was compiled against. */
  libtorch: z.string(),
  /** Whether that libtorch came along. */
  hasLibtorch: z.boolean(),
});

/** The release that this very Fedvox was unpacked from. */
export interface OwnRelease extends z.output<typeof descriptionSchema> {
  readonly folder: string;
  /** The public key that the next release is held against; absent where this one was not signed. */
  readonly keyPath?: string;
}

/** From this file's folder: a release has its packages in `node_modules/@fedvox`. */
const RELEASE_FROM_HERE = '../../../..';

/** Undefined in a clone. @throws FedvoxError `installation/release-unreadable` */
export async function ownRelease(
  here = dirname(fileURLToPath(import.meta.url)),
): Promise<OwnRelease | undefined> {
  const folder = join(here, RELEASE_FROM_HERE);
  const [path, keyPath] = [join(folder, RELEASE_FILE), join(folder, KEY)];
  if (!existsSync(path)) return undefined;
  try {
    const description = descriptionSchema.parse(JSON.parse(await readFile(path, 'utf8')));
    return { ...description, folder, ...(existsSync(keyPath) && { keyPath }) };
  } catch (cause) {
    throw fail('release-unreadable', { path, reason: errorText(cause) }, { cause });
  }
}
