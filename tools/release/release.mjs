// Makes a release: one archive for Linux on x64 that needs neither network, compiler nor root.
//   node tools/release/release.mjs [--with-libtorch] [--deb] [--key FILE] [--output DIR] [--uncommitted]
import { mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { writeDebianPackage } from './debian-package.mjs';
import { buildTree, sourcesOf } from './release-build.mjs';
import { nameOfRelease } from './release-tree.mjs';
import { publicKeyText, readSigningKey, signatureText } from './signing.mjs';
import { writeArchive } from './tar-archive.mjs';

const repository = fileURLToPath(new URL('../..', import.meta.url));
const log = (line) => process.stderr.write(`release: ${line}\n`);

try {
  await release();
} catch (error) {
  if (process.env.FEDVOX_DEBUG) throw error;
  log(error.message);
  process.exitCode = 1;
}

async function release() {
  const { values } = parseArgs({
    options: {
      'with-libtorch': { type: 'boolean', default: false },
      deb: { type: 'boolean', default: false },
      key: { type: 'string' },
      output: { type: 'string', default: join(repository, '.fedvox', 'release') },
      uncommitted: { type: 'boolean', default: false },
    },
  });
  // First, so that a wrong password is not told after minutes.
  const key = values.key && readSigningKey(values.key, process.env.FEDVOX_RELEASE_PASSWORD);
  const sources = sourcesOf(repository, { isUncommittedAllowed: values.uncommitted });
  const tree = await buildTree({
    ...{ repository, sources, log },
    withLibtorch: values['with-libtorch'],
    publicKey: key && publicKeyText(key),
  });
  const output = resolve(values.output);
  mkdirSync(output, { recursive: true });
  const folder = nameOfRelease(sources.version);
  const { mtime } = sources;
  const path = join(output, `${folder}.tar.gz`);
  log(`packing ${tree.size} files …`);
  await writeArchive({ tree, folder, mtime, path });
  const written = [path];
  if (values.deb) {
    log('packing the Debian package …');
    written.push(await writeDebianPackage({ repository, tree, sources, output }));
  }
  for (const each of written) {
    if (key) await signFile(each, key, sources);
    process.stdout.write(`${each}\n`);
  }
  if (!key) log('nothing is signed: give --key with a secret key of minisign');
}

async function signFile(path, key, { version, commit, mtime }) {
  const day = new Date(mtime * 1000).toISOString().slice(0, 10);
  const comment = `fedvox ${version} for Linux on x64, of commit ${commit} (${day})`;
  writeFileSync(`${path}.minisig`, await signatureText({ path, key, comment }));
  process.stdout.write(`${path}.minisig\n`);
}
