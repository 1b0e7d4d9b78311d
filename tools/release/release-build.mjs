// What a release is made of, built and put together: the tree of its files, with its checksums.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { linkToTravel } from '../../packages/tfjs-backend-torch/native/build.mjs';
import { buildPages } from '../pages.mjs';
import { billOfMaterials } from './bill.mjs';
import { libtorchParts } from './libtorch-parts.mjs';
import { licenceFiles } from './licences.mjs';
import { releaseModules } from './modules.mjs';
import { nodeBinary } from './node-binary.mjs';
import { bytesOf, filesNaming, LIBTORCH_FROM_ADDON, PLACES, programTree } from './release-tree.mjs';

/** Of Node, by its own names. */
const PLATFORM = 'linux-x64';

/**
 * @typedef {object} Sources
 * @property {string} version
 * @property {string} commit
 * @property {number} mtime of the commit, in seconds since the epoch: of every file in a release
 */

/**
 * @param {string} repository
 * @param {{isUncommittedAllowed: boolean}} options
 * @returns {Sources}
 * @throws Error where what lies there is in no commit
 */
export function sourcesOf(repository, { isUncommittedAllowed }) {
  const git = (...args) => execFileSync('git', args, { cwd: repository, encoding: 'utf8' }).trim();
  const isChanged = git('status', '--porcelain') !== '';
  if (isChanged && !isUncommittedAllowed) {
    throw new Error(
      'there are changes that no commit has: nobody could make this release again. Commit them, or add --uncommitted to try things out',
    );
  }
  const { version } = JSON.parse(readFileSync(join(repository, 'package.json'), 'utf8'));
  const commit = git('rev-parse', 'HEAD') + (isChanged ? '+changes' : '');
  return { version, commit, mtime: Number(git('log', '-1', '--format=%ct')) };
}

/**
 * @param {object} options
 * @param {string} options.repository set up and compiled
 * @param {Sources} options.sources
 * @param {boolean} options.withLibtorch
 * @param {string | undefined} options.publicKey that the next release is held against
 * @param {(line: string) => void} options.log
 * @returns {Promise<import('./release-tree.mjs').Tree>}
 */
export async function buildTree({ repository, sources, withLibtorch, publicKey, log }) {
  if (`${process.platform}-${process.arch}` !== PLATFORM) {
    throw new Error(`releases are for ${PLATFORM}, and made there`);
  }
  const work = join(repository, '.fedvox', 'release');
  mkdirSync(work, { recursive: true });
  const node = nodeBinary({ folder: work, log });
  await buildPages({ log });
  const addon = join(work, 'fedvox-torch.node');
  const libtorch = await linkToTravel({ log, addon, rpath: LIBTORCH_FROM_ADDON });
  const { version, libDir } = libtorch;
  const { parts } = libtorchParts({ addon, libDir });

  const modules = releaseModules(repository);
  const tree = programTree({ repository, modules });
  tree.set(PLACES.node, { file: node.binary, isExecutable: true });
  tree.set(PLACES.addon, { file: addon });
  if (withLibtorch) {
    for (const [name, file] of parts) tree.set(`${PLACES.libtorch}/${name}`, { file });
  }
  const brought = withLibtorch ? { version, libDir } : undefined;
  const licences = licenceFiles({ repository, modules, node, libtorch: brought });
  for (const [name, content] of licences) tree.set(`${PLACES.licences}/${name}`, content);
  const engine = { version, hasLibtorch: withLibtorch, parts };
  setJson(
    tree,
    PLACES.bill,
    billOfMaterials({ repository, ...sources, modules, node, libtorch: engine }),
  );
  setJson(tree, PLACES.description, descriptionOf(sources, node, engine));
  if (publicKey) tree.set(PLACES.key, { bytes: Buffer.from(publicKey) });

  log(`looking through ${tree.size} files for paths of this machine …`);
  const naming = filesNaming(tree, [repository.replace(/\/$/, ''), dirname(libDir)]);
  if (naming.length > 0)
    throw new Error(`these name folders of this machine: ${naming.join(', ')}`);
  tree.set('SHA256SUMS', { bytes: Buffer.from(checksums(tree)) });
  return tree;
}

function descriptionOf({ version, commit }, node, libtorch) {
  return {
    version,
    commit,
    platform: PLATFORM,
    node: node.version,
    libtorch: libtorch.version,
    hasLibtorch: libtorch.hasLibtorch,
  };
}

function setJson(tree, path, value) {
  tree.set(path, { bytes: Buffer.from(`${JSON.stringify(value, null, 2)}\n`) });
}

/** As `sha256sum --check` reads them. */
function checksums(tree) {
  return [...tree.keys()]
    .sort()
    .map(
      (path) =>
        `${createHash('sha256')
          .update(bytesOf(tree.get(path)))
          .digest('hex')}  ${path}\n`,
    )
    .join('');
}
