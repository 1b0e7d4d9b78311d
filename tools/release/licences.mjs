// The licence of everything in a release, as text: LICENSES/NAME-VERSION.txt.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { libtorchLicences } from './libtorch-parts.mjs';

const LICENCE_FILE = /^(licen[cs]es?|copying|notice|copyright)([.-].*)?$/i;
/** GNU's OpenMP comes with libtorch, whose licences do not have its own; Debian, where releases are made, does. */
const OPENMP_LICENCES = ['/usr/share/doc/libgomp1/copyright', '/usr/share/common-licenses/GPL-3'];

/**
 * @param {object} options
 * @param {string} options.repository
 * @param {import('./modules.mjs').ReleaseModule[]} options.modules
 * @param {{version: string, licence: string}} options.node
 * @param {{version: string, libDir: string} | undefined} options.libtorch where it comes along
 * @returns {Map<string, {bytes: Buffer}>} by the file's name
 */
export function licenceFiles({ repository, modules, node, libtorch }) {
  const files = new Map();
  const add = (name, version, text) =>
    files.set(`${name.replaceAll('/', '--')}-${version}.txt`, { bytes: Buffer.from(text) });
  for (const module of modules.filter(({ isOwn }) => !isOwn)) {
    add(module.name, module.version, licenceOf(module, repository));
  }
  add('node', node.version, readFileSync(node.licence, 'utf8'));
  if (libtorch !== undefined) {
    const { libDir, version } = libtorch;
    add('libtorch', version, joined(libtorchLicences(libDir)));
    const openmp = OPENMP_LICENCES.map((path) => ({ path, name: path.split('/').at(-1) }));
    add('libgomp', version, joined(openmp));
  }
  return files;
}

const joined = (files) =>
  files.map(({ path, name }) => `==== ${name}\n\n${readFileSync(path, 'utf8')}\n`).join('\n');

/** Its own files; where it has none, what it declares and the words that this names. */
function licenceOf({ place, name, licence }, repository) {
  const folder = join(repository, place);
  const own = readdirSync(folder)
    .filter((file) => LICENCE_FILE.test(file))
    .sort();
  if (own.length > 0) return own.map((file) => readFileSync(join(folder, file), 'utf8')).join('\n');
  const { author } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  const who = typeof author === 'string' ? author : (author?.name ?? `the authors of ${name}`);
  const words = licence.match(/[\w.-]+/g).filter((word) => !/^(AND|OR|WITH)$/.test(word));
  const texts = words.map((word) => standardText(word, repository, name));
  return [`${name} is under ${licence}, says its package.json; copyright ${who}.`, ...texts].join(
    '\n\n',
  );
}

function standardText(licence, repository, name) {
  if (licence === 'Apache-2.0') return readFileSync(join(repository, 'LICENSE'), 'utf8');
  const path = join(repository, 'tools', 'release', 'licence-texts', `${licence}.txt`);
  if (existsSync(path)) return readFileSync(path, 'utf8');
  throw new Error(
    `${name} brings no licence text, and tools/release/licence-texts has no ${licence}`,
  );
}
