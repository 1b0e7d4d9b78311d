// The same tree as a Debian package: programs below /usr/lib/fedvox, units and their users where systemd looks for them.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  constants,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { bytesOf, filesBelow } from './release-tree.mjs';

const HOME = 'usr/lib/fedvox';
/** What has a place of its own besides, where systemd looks for it. */
const INSTALLED = [
  { from: /^systemd\/(.*\.service)$/, to: 'usr/lib/systemd/system/' },
  { from: /^systemd\/(fedvox\.conf)$/, to: 'usr/lib/sysusers.d/' },
];

/**
 * @param {object} options
 * @param {string} options.repository
 * @param {import('./release-tree.mjs').Tree} options.tree
 * @param {import('./release-build.mjs').Sources} options.sources
 * @param {string} options.output folder
 * @returns {Promise<string>} path of the package
 * @throws Error where dpkg-deb is not there or fails
 */
export async function writeDebianPackage({ repository, tree, sources, output }) {
  const { version, mtime } = sources;
  const root = mkdtempSync(join(output, 'deb-'));
  try {
    for (const [path, content] of tree) {
      put(join(root, HOME, path), content);
      const place = INSTALLED.find(({ from }) => from.test(path));
      if (place) put(join(root, place.to, place.from.exec(path)[1]), content);
    }
    put(join(root, 'usr/share/doc/fedvox/copyright'), { bytes: Buffer.from(copyright(tree)) });
    mkdirSync(join(root, 'usr/bin'), { recursive: true });
    symlinkSync('../lib/fedvox/fedvox', join(root, 'usr/bin/fedvox'));
    writeControl(root, join(repository, 'tools/release/debian'), version);
    settle(root, mtime);
    const path = join(output, `fedvox_${version}_amd64.deb`);
    build(root, path, mtime);
    return path;
  } finally {
    rmSync(root, { recursive: true });
  }
}

function put(path, content) {
  mkdirSync(dirname(path), { recursive: true });
  if ('file' in content) copyFileSync(content.file, path, constants.COPYFILE_FICLONE);
  else writeFileSync(path, content.bytes);
  chmodSync(path, content.isExecutable ? 0o755 : 0o644);
}

function copyright(tree) {
  const own = bytesOf(tree.get('LICENSE')).toString();
  return `Fedvox is under the Apache License 2.0. What it brings along: /${HOME}/LICENSES.\n\n${own}`;
}

function writeControl(root, templates, version) {
  const folder = join(root, 'DEBIAN');
  const files = filesBelow(root);
  const size = files.reduce(
    (sum, path) => sum + Math.ceil(readFileSync(join(root, path)).length / 1024),
    0,
  );
  const sums = files.map((path) => {
    const md5 = createHash('md5')
      .update(readFileSync(join(root, path)))
      .digest('hex');
    return `${md5}  ${path}\n`;
  });
  const control = readFileSync(join(templates, 'control'), 'utf8')
    .replace('VERSION', version)
    .replace('INSTALLED_SIZE', String(size));
  put(join(folder, 'control'), { bytes: Buffer.from(control) });
  put(join(folder, 'md5sums'), { bytes: Buffer.from(sums.join('')) });
  put(join(folder, 'postinst'), { file: join(templates, 'postinst'), isExecutable: true });
  put(join(folder, 'postrm'), { file: join(templates, 'postrm'), isExecutable: true });
}

/** Folders of one mode, everything of one time. */
function settle(path, mtime) {
  for (const entry of readdirSync(path, { withFileTypes: true })) {
    const below = join(path, entry.name);
    if (entry.isDirectory()) settle(below, mtime);
    else if (entry.isFile()) utimesSync(below, mtime, mtime);
  }
  chmodSync(path, 0o755);
  utimesSync(path, mtime, mtime);
}

/** dpkg-deb sets what is younger than SOURCE_DATE_EPOCH to it, links among it, and sorts by names. */
function build(root, path, mtime) {
  const { status, error, stderr } = spawnSync(
    'dpkg-deb',
    ['--root-owner-group', '--threads-max=1', '-Zgzip', '-z6', '--build', root, path],
    { encoding: 'utf8', env: { ...process.env, SOURCE_DATE_EPOCH: String(mtime) } },
  );
  if (status !== 0) throw new Error(`dpkg-deb failed: ${error?.message ?? stderr}`);
}
