// What lies in a release, by its path from the release's folder.
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join, posix } from 'node:path';

/**
 * @typedef {{file: string} | {bytes: Buffer}} Content where a file is taken from, or what it holds
 * @typedef {Map<string, Content & {isExecutable?: boolean}>} Tree
 */

/** In own packages: programs and pages, without tests and what only compilers and debuggers read. */
const NOT_RUN = /\.test\.|\.d\.[cm]?ts$|\.map$|\.tsbuildinfo$|(^|\/)(testing|golden)\//;
/** In modules of others: sources, types, documents and tests, which no program loads. */
const NOT_LOADED = /\.(map|[cm]?ts|tsx|flow|md|markdown|h|hh|hpp|c|cc|cpp|gyp|gypi|tgz|html)$/i;
const NOT_LOADED_FOLDERS =
  /^(tests?|__tests__|spec|examples?|benchmarks?|docs?|coverage|dist-es|dist-types|\.[^/]*|node_modules)\//;
/** Of large modules, what is loaded of them where that is little. */
const LOADED_OF = new Map([
  ['@tensorflow/tfjs-core', /^(package\.json|dist\/tf-core\.node\.js)$/],
  ['@tensorflow/tfjs-backend-cpu', /^(package\.json|dist\/tf-backend-cpu\.node\.js)$/],
  ['sqlite3', /^(package\.json|lib\/.*\.js|build\/Release\/node_sqlite3\.node)$/],
]);

const ENGINE = 'tfjs-backend-torch';
/** Why things are as they are, and pictures, are read where the sources are. */
const NOT_DOCUMENTS = ['adr', 'images', 'releasing.md'];
const README = `Fedvox, with its own Node: nothing else has to be installed.

./fedvox doctor     what this machine has and lacks
./fedvox demo       a coordinator and three made-up hospitals on this machine

docs/installing.md says how this archive is verified and where things go; docs/operations how it is run.
`;

/** Where the launcher, the units and the engine expect things. */
export const PLACES = {
  node: 'node/bin/node',
  addon: `node_modules/@fedvox/${ENGINE}/build/fedvox-torch.node`,
  libtorch: 'libtorch/lib',
  description: 'release.json',
  key: 'release.pub',
  bill: 'bill-of-materials.cdx.json',
  licences: 'LICENSES',
};
/** From the engine's native part to the libtorch beside it. */
export const LIBTORCH_FROM_ADDON = `$ORIGIN/${posix.relative(posix.dirname(PLACES.addon), PLACES.libtorch)}`;

/**
 * Everything that is files already: programs, modules, pages, scenarios, documents, units and manifests.
 * @param {{repository: string, modules: import('./modules.mjs').ReleaseModule[]}} options
 * @returns {Tree}
 * @throws Error where something of it was not built
 */
export function programTree({ repository, modules }) {
  const tree = new Map();
  for (const module of modules.filter(({ isBundled }) => !isBundled)) {
    const own = module.isOwn ? ownFiles : modulesFiles;
    const root = join(repository, module.place);
    const at = module.isOwn
      ? `node_modules/${module.name}`
      : module.place.replace(/^packages\//, 'node_modules/@fedvox/');
    for (const path of own(root, module)) tree.set(`${at}/${path}`, { file: join(root, path) });
  }
  tree.set(`node_modules/@fedvox/${ENGINE}/build/gradients.mjs`, {
    file: join(repository, 'packages', ENGINE, 'build', 'gradients.mjs'),
  });
  const copied = [
    ...['LICENSE', 'scenarios'].map((path) => [path, path]),
    ...readdirSync(join(repository, 'docs'))
      .filter((name) => !NOT_DOCUMENTS.includes(name))
      .map((name) => [`docs/${name}`, `docs/${name}`]),
    ...['systemd', 'containers'].map((path) => [`tools/release/${path}`, path]),
  ];
  for (const [from, to] of copied) addAll(tree, join(repository, from), to);
  tree.set('fedvox', { file: join(repository, 'tools/release/launcher.sh'), isExecutable: true });
  tree.set('README', { bytes: Buffer.from(README) });
  return tree;
}

/** Of a package of ours: what was compiled of sources that there still are. */
function ownFiles(root, { name }) {
  const dist = filesBelow(join(root, 'dist')).filter((path) => !NOT_RUN.test(path));
  const current = dist.filter((path) => {
    if (path.startsWith('pages/') || !path.endsWith('.js')) return true;
    return existsSync(join(root, 'src', path.replace(/js$/, 'ts')));
  });
  if (!current.includes('index.js')) throw new Error(`${name} is not built: run \`npm run setup\``);
  const bin = existsSync(join(root, 'bin')) ? filesBelow(join(root, 'bin')) : [];
  return [
    'package.json',
    ...bin.map((path) => `bin/${path}`),
    ...current.map((path) => `dist/${path}`),
  ];
}

function modulesFiles(root, { name }) {
  const loaded = LOADED_OF.get(name);
  return filesBelow(root, 'node_modules').filter((path) =>
    loaded ? loaded.test(path) : !NOT_LOADED.test(path) && !NOT_LOADED_FOLDERS.test(path),
  );
}

function addAll(tree, from, to) {
  if (!statSync(from).isDirectory()) {
    tree.set(to, { file: from });
    return;
  }
  for (const path of filesBelow(from)) tree.set(`${to}/${path}`, { file: join(from, path) });
}

/** Paths from the folder, in order; of regular files, following no link. */
export function filesBelow(folder, without) {
  return readdirSync(folder, { withFileTypes: true })
    .filter(({ name }) => name !== without)
    .flatMap((entry) => {
      if (entry.isFile()) return [entry.name];
      if (!entry.isDirectory()) return [];
      return filesBelow(join(folder, entry.name), without).map((path) => `${entry.name}/${path}`);
    })
    .sort();
}

/** @param {Content} content */
export const bytesOf = (content) =>
  'file' in content ? readFileSync(content.file) : content.bytes;

/**
 * Paths of this machine have no place in a release: they tell of who made it, and make two builds differ.
 * @param {Tree} tree
 * @param {string[]} folders absolute
 * @returns {string[]} paths of files that name one
 */
export function filesNaming(tree, folders) {
  const needles = folders.map((folder) => Buffer.from(folder));
  return [...tree].flatMap(([path, content]) => {
    const bytes = bytesOf(content);
    return needles.some((needle) => bytes.includes(needle)) ? [path] : [];
  });
}

export const nameOfRelease = (version) => `fedvox-${version}-linux-x64`;
