// Sets up whatever is missing, says what it does, and is quick when nothing is missing.
//   node tools/setup.mjs                      set up
//   node tools/setup.mjs --then demo [-- …]   set up, then run `fedvox demo …`
// Plain ESM on Node's own modules alone: it runs before anything is installed.
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { installLibtorch } from './libtorch.mjs';

const repository = fileURLToPath(new URL('..', import.meta.url));
const stateFolder = join(repository, '.fedvox');
const MINIMUM_NODE = [20, 19];

const [then, ...rest] = afterFlag('--then');
const started = Date.now();

checkNode();
mkdirSync(stateFolder, { recursive: true });
// Side by side: while one fetches, the other compiles.
const [, libtorch] = await Promise.all([installNodeModules(), prepareLibtorch()]);
await prepareEngine(libtorch);
await compile();
await preparePages();
say(`ready in ${((Date.now() - started) / 1000).toFixed(1)} s`);
if (then !== undefined) process.exit(runFedvox([then, ...rest]));

/** Progress goes to stderr, so that a `--json` result has stdout to itself. */
function say(line) {
  process.stderr.write(`setup: ${line}\n`);
}

function stop(line, advice) {
  say(line);
  say(`→ ${advice}`);
  process.exit(1);
}

function afterFlag(flag) {
  const at = process.argv.indexOf(flag);
  return at < 0 ? [] : process.argv.slice(at + 1).filter((word) => word !== '--');
}

function checkNode() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  const [needMajor, needMinor] = MINIMUM_NODE;
  if (major > needMajor || (major === needMajor && minor >= needMinor)) return;
  stop(
    `Node ${process.versions.node} is too old`,
    `Install Node ${MINIMUM_NODE.join('.')} or newer.`,
  );
}

/** Installs, unless the installed modules are already those of the lock file. */
async function installNodeModules() {
  const stamp = join(repository, 'node_modules', '.fedvox-lock');
  const lock = createHash('sha256')
    .update(readFileSync(join(repository, 'package-lock.json')))
    .update(process.versions.modules)
    .digest('hex');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === lock) return;
  say('installing node modules (sqlite3 compiles from source, about two minutes) …');
  // Not `npm ci`: it refuses where a registry lacks the tools' builds for other platforms.
  const install = ['install', '--no-save', '--no-audit', '--no-fund', '--loglevel=error'];
  await run('npm', install, 'npm could not install the node modules');
  if (spawnSync(process.execPath, ['-e', "require('sqlite3')"], { cwd: repository }).status !== 0) {
    await run(
      'npm',
      ['rebuild', 'sqlite3', '--build-from-source'],
      'sqlite3 could not be compiled',
    );
  }
  writeFileSync(stamp, lock);
}

/** Whether there is a libtorch to build against, installed if need be; without one the `cpu` engine computes. */
async function prepareLibtorch() {
  if (process.env.FEDVOX_ENGINE === 'cpu') {
    say('FEDVOX_ENGINE=cpu: libtorch is left out');
    return false;
  }
  return attempted(() => installLibtorch({ repository, log: say }));
}

/** What every engine needs, and the native part where there is a libtorch. */
async function prepareEngine(libtorch) {
  const native = '../packages/tfjs-backend-torch/native';
  const { bundleGradients } = await import(`${native}/bundle-gradients.mjs`);
  await bundleGradients({ log: say });
  if (!libtorch) return;
  const { buildNative } = await import(`${native}/build.mjs`);
  await attempted(() => buildNative({ log: say }));
}

/** Whether it could be done; where not, everything still runs, on the slow `cpu` engine. */
async function attempted(step) {
  try {
    await step();
    return true;
  } catch (error) {
    if (error.advice === undefined) throw error;
    say(`the torch engine is not available: ${error.message}`);
    say(`→ ${error.advice}`);
    say('→ going on with the cpu engine, which is some hundred times slower');
    return false;
  }
}

async function compile() {
  const tsc = join(repository, 'node_modules', 'typescript', 'bin', 'tsc');
  await run(process.execPath, [tsc, '-b'], 'the TypeScript sources do not compile');
}

/** What browsers load, for the packages that have pages. */
async function preparePages() {
  const { buildPages } = await import('./pages.mjs');
  try {
    await buildPages({ log: say });
  } catch (error) {
    stop(`the pages could not be built: ${error.message}`, 'Correct what is named there.');
  }
}

async function run(command, args, failure) {
  const child = spawn(command, args, { cwd: repository, stdio: ['ignore', 2, 2] });
  const [status] = await once(child, 'close').catch((error) => [error]);
  if (status === 0) return;
  stop(`${failure}${status?.message ? `: ${status.message}` : ''}`, 'The lines above say why.');
}

function runFedvox(args) {
  const bin = join(repository, 'packages', 'cli', 'bin', 'fedvox.mjs');
  const { status } = spawnSync(process.execPath, [bin, ...args], { stdio: 'inherit' });
  return status ?? 1;
}
