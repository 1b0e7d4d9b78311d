// Of a libtorch the shared objects that the engine loads, and no more: Python's own are a tenth of it.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';

/**
 * @param {{addon: string, libDir: string}} options
 * @returns {{parts: Map<string, string>, system: string[]}} files by the names they are asked for, and what
 *   the machine itself has to have
 */
export function libtorchParts({ addon, libDir }) {
  const parts = new Map();
  const system = new Set();
  const visit = (file) => {
    for (const name of neededBy(file)) {
      const path = join(libDir, name);
      if (parts.has(name)) continue;
      if (!existsSync(path)) {
        system.add(name);
        continue;
      }
      parts.set(name, realpathSync(path));
      visit(path);
    }
  };
  visit(addon);
  return { parts, system: [...system].sort() };
}

/** @returns {string[]} what the dynamic loader looks for on behalf of a shared object */
function neededBy(file) {
  const { status, error, stdout } = spawnSync('readelf', ['--dynamic', '--wide', file], {
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`readelf cannot read ${file}: ${error?.message ?? status}`);
  return [...stdout.matchAll(/\(NEEDED\).*\[(.+)\]/g)].map(([, name]) => name);
}

/**
 * @param {string} libDir
 * @returns {{name: string, path: string}[]} of Python's package, which brings along those of what it holds
 */
export function libtorchLicences(libDir) {
  const packages = dirname(dirname(libDir));
  const information = readdirSync(packages).find((name) => /^torch-.*\.dist-info$/.test(name));
  const folder = information && join(packages, information, 'licenses');
  if (!folder || !existsSync(folder)) {
    throw new Error(`no licences of libtorch were found beside ${libDir}: use that of pip's torch`);
  }
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => ({ path: join(parentPath, name), name }))
    .map(({ path }) => ({ path, name: path.slice(folder.length + 1).replaceAll('/', '--') }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}
