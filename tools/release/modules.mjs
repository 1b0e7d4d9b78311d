// Which packages a release holds: what the command needs to run, by the lock file.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** What only set-up needs, or what another part of the package serves for; with the reason. */
const LEFT_OUT = [
  { name: /^esbuild$/, reason: 'bundles the gradients at set-up; the bundle comes along' },
  { name: /^(node-api-headers|node-addon-api|node-gyp)$/, reason: 'compiles native parts' },
  { name: /^(prebuild-install|tar)$/, reason: 'fetch a compiled sqlite3; ours is compiled here' },
  {
    name: /^msgpackr-extract$/,
    reason: 'a faster decoder by binaries of others; JavaScript serves',
  },
  { name: /^@rollup\/rollup-/, reason: 'a bundler’s binary that a dependency names by mistake' },
  { name: /^@types\//, reason: 'types, which nothing loads' },
];
/** What is compiled into the pages, so that its bytes are in a release though no module of that name is. */
const IN_PAGES = ['preact', '@preact/signals'];

/**
 * @typedef {object} ReleaseModule
 * @property {string} place from the repository's root: `packages/NAME`, `node_modules/NAME`, or nested in one
 * @property {string} name
 * @property {string} version
 * @property {string} licence as an SPDX expression
 * @property {string | undefined} integrity `sha512-…` of the registry's archive
 * @property {boolean} isOwn whether it is one of this repository's packages
 * @property {boolean} isBundled whether only pages hold it
 * @property {string[]} needs places of what it depends on
 */

/**
 * @param {string} repository
 * @returns {ReleaseModule[]} in order of their places
 * @throws Error where the lock file lacks what a package depends on
 */
export function releaseModules(repository) {
  const lock = JSON.parse(readFileSync(join(repository, 'package-lock.json'), 'utf8')).packages;
  const found = new Map();
  visit('packages/cli', false);
  for (const name of IN_PAGES) visit(resolve('packages/console', name), true);
  return [...found.values()].sort((a, b) => (a.place < b.place ? -1 : 1));

  function visit(place, isBundled) {
    if (found.has(place)) return;
    const { version, license, integrity, dependencies, optionalDependencies } = lock[place];
    const module = {
      place,
      name: place.startsWith('packages/') ? lock[place].name : place.split('node_modules/').at(-1),
      version,
      licence: license ?? declaredLicence(place),
      integrity,
      isOwn: place.startsWith('packages/'),
      isBundled,
      needs: [],
    };
    found.set(place, module);
    const wanted = Object.keys({ ...dependencies, ...optionalDependencies });
    for (const name of wanted.filter((each) => !LEFT_OUT.some((out) => out.name.test(each)))) {
      const needed = resolve(place, name);
      if (needed === undefined && name in (optionalDependencies ?? {})) continue;
      if (needed === undefined)
        throw new Error(`the lock file has no ${name}, which ${place} needs`);
      module.needs.push(needed);
      visit(needed, isBundled);
    }
    module.needs.sort();
  }

  /** As Node looks for it: in the package's own node_modules, then in those around it. */
  function resolve(place, name) {
    for (
      let around = place;
      ;
      around = around.slice(0, around.lastIndexOf('node_modules')).replace(/\/$/, '')
    ) {
      const candidate = around === '' ? `node_modules/${name}` : `${around}/node_modules/${name}`;
      const entry = lock[candidate];
      if (entry !== undefined) return entry.link ? entry.resolved : candidate;
      if (around === '') return undefined;
      if (!around.includes('node_modules')) around = '';
    }
  }

  function declaredLicence(place) {
    const manifest = JSON.parse(readFileSync(join(repository, place, 'package.json'), 'utf8'));
    const licence = manifest.license?.type ?? manifest.license ?? manifest.licenses?.[0]?.type;
    if (licence === undefined) throw new Error(`${place} does not say under which licence it is`);
    return licence;
  }
}
