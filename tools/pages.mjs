// Builds the pages of every package that has some: packages/NAME/web → packages/NAME/dist/pages. Quick when nothing changed.
//   node tools/pages.mjs
// What is built is a function of the sources alone, and needs no other build before it.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const repository = fileURLToPath(new URL('..', import.meta.url));
const packagesFolder = join(repository, 'packages');
/** What pages take parts of, besides their own sources. */
const SHARED = ['charts/src', 'report/src', 'desk/web'];

/** @param {{log?: (line: string) => void}} [options] */
export async function buildPages({ log = () => undefined } = {}) {
  for (const name of packagesWithPages()) {
    const root = webFolder(name);
    const outDir = join(packagesFolder, name, 'dist', 'pages');
    // Beside the pages, not among them: what lies there is served.
    const stamp = join(packagesFolder, name, 'build', 'pages-stamp');
    const digest = digestOf(root);
    const isBuilt = existsSync(join(outDir, 'index.html')) && existsSync(stamp);
    if (isBuilt && readFileSync(stamp, 'utf8') === digest) continue;
    log(`building the pages of ${name} …`);
    await buildPageInto(name, outDir);
    mkdirSync(dirname(stamp), { recursive: true });
    writeFileSync(stamp, digest);
  }
}

/** @returns {string[]} in order of their names */
export function packagesWithPages() {
  return readdirSync(packagesFolder)
    .filter((name) => existsSync(join(webFolder(name), 'index.html')))
    .sort();
}

function webFolder(name) {
  return join(packagesFolder, name, 'web');
}

/** Whatever was in the folder is gone. */
export async function buildPageInto(name, outDir) {
  const { build } = await import('vite');
  await build({
    root: webFolder(name),
    configFile: false,
    logLevel: 'warn',
    mode: 'production',
    // Of the machine that builds, nothing comes into a page.
    envDir: false,
    publicDir: false,
    resolve: { conditions: ['@fedvox/source', 'module', 'browser', 'production'] },
    // Whatever NODE_ENV says where this runs: a page for development names files of the machine.
    define: { 'process.env.NODE_ENV': '"production"' },
    oxc: { jsx: { runtime: 'automatic', importSource: 'preact', development: false } },
    build: {
      outDir,
      emptyOutDir: true,
      target: 'es2022',
      // The pages' policy allows no `data:` addresses and no script but files.
      assetsInlineLimit: 0,
      modulePreload: false,
      reportCompressedSize: false,
    },
  });
}

/** Of everything that the build reads. */
function digestOf(root) {
  const folders = [root, ...SHARED.map((path) => join(packagesFolder, path))];
  const files = [
    fileURLToPath(import.meta.url),
    join(repository, 'package-lock.json'),
    ...folders.flatMap(filesIn),
  ];
  const hash = createHash('sha256');
  for (const file of files) {
    hash
      .update(`${relative(repository, file)}\0`)
      .update(readFileSync(file))
      .update('\0');
  }
  return hash.digest('hex');
}

function filesIn(folder) {
  return readdirSync(folder, { recursive: true })
    .map((file) => join(folder, file))
    .filter((file) => statSync(file).isFile())
    .sort();
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await buildPages({ log: (line) => process.stderr.write(`pages: ${line}\n`) });
}
