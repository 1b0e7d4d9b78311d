import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readFile, rename, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const ENTRY = fileURLToPath(new URL('../../packages/cli/bin/fedvox.mjs', import.meta.url));
const MAX_OUTPUT_BYTES = 64 * 2 ** 20;

/**
 * What `fedvox ARGS --json` answers, kept in a file: where that is there, it is read and nothing runs, so
 * that hours of runs that were cut off go on where they were.
 * @param {string} path
 * @param {readonly string[]} args
 */
export async function keptRun(path, args) {
  if (!existsSync(path)) {
    const command = [ENTRY, ...args, '--json'];
    const { stdout } = await promisify(execFile)(process.execPath, command, {
      maxBuffer: MAX_OUTPUT_BYTES,
    });
    await writeFile(`${path}.part`, stdout);
    await rename(`${path}.part`, path);
  }
  return JSON.parse(await readFile(path, 'utf8'));
}
