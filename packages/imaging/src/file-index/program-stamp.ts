import { readdir, readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { canonicalJson, type Sha256, sha256 } from '@fedvox/base';

const ROOM = fileURLToPath(new URL('..', import.meta.url));
const PROGRAM = /(?<!\.d|\.test)\.[jt]s$/;

/**
 * Digest of what reads headers: this room's own code, its parser's version, and Node's. What another
 * program read may not be what this one would read, and no person has to remember to raise a number.
 */
export async function programStamp(): Promise<Sha256> {
  const names = await readdir(ROOM, { recursive: true });
  const code: Record<string, Sha256> = {};
  for (const name of names.filter((each) => PROGRAM.test(each))) {
    code[name] = sha256(await readFile(join(ROOM, name)));
  }
  const { version } = createRequire(import.meta.url)('dicom-parser/package.json') as {
    readonly version: string;
  };
  return sha256(canonicalJson({ code, parser: version, node: process.versions.node }));
}
