// The whole of a release, as a closed hospital meets it (some minutes): made twice, signed, verified, and run from the
// archive and from the Debian package by an ordinary user without network, without compilers, without Python.
//   node tools/release/check.mjs [--made DIR]     with what lies in DIR, its release.pub too, rather than making it
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  chownSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const repository = fileURLToPath(new URL('../..', import.meta.url));
/** Nobody who has anything on this machine. */
const ORDINARY_USER = 48_711;
/** What the launcher calls, and nothing else: no compiler, no Python. */
const PROGRAMS = ['sh', 'dirname', 'readlink'];
const STEP_TIMEOUT_MS = 900_000;

const folder = mkdtempSync(join(tmpdir(), 'fedvox-release-check-'));
const home = join(folder, 'home');
const programs = join(folder, 'bin');
const isRoot = process.getuid() === 0;

try {
  prepare();
  const { values } = parseArgs({ options: { made: { type: 'string' } } });
  const { archive, deb, publicKey } = values.made ? madeBefore(resolve(values.made)) : madeTwice();
  const unpacked = unpack(archive);
  verified(join(unpacked, 'fedvox'), archive, publicKey);
  doctor(join(unpacked, 'fedvox'));
  demo('the archive', join(unpacked, 'fedvox'));
  const installed = join(folder, 'installed');
  must('dpkg-deb', ['--extract', deb, installed]);
  chmodSync(installed, 0o755);
  demo('the Debian package', join(installed, 'usr/bin/fedvox'), '--rounds', '2');
  await services(installed);
  say('all is well');
} catch (error) {
  if (process.env.FEDVOX_DEBUG) throw error;
  say(error.message);
  process.exitCode = 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}

function say(line) {
  process.stdout.write(`release-check: ${line}\n`);
}

function prepare() {
  for (const each of [programs, home]) mkdirSync(each);
  for (const name of PROGRAMS) {
    symlinkSync(must('sh', ['-c', `command -v ${name}`]).trim(), join(programs, name));
  }
  chmodSync(folder, 0o755);
  if (isRoot) chownSync(home, ORDINARY_USER, ORDINARY_USER);
}

/** Of one commit and one machine: the same bytes. */
function madeTwice() {
  const [secret, publicKey] = [join(folder, 'release.key'), join(folder, 'release.pub')];
  must('minisign', ['-G', '-W', '-s', secret, '-p', publicKey]);
  const make = (name) => {
    const started = Date.now();
    const options = ['--with-libtorch', '--deb', '--uncommitted', '--key', secret];
    const release = join(repository, 'tools/release/release.mjs');
    const output = join(folder, name);
    const written = must(process.execPath, [release, ...options, '--output', output]);
    const seconds = ((Date.now() - started) / 1000).toFixed(0);
    const paths = written.trim().split('\n');
    const sizes = paths
      .filter((path) => !path.endsWith('.minisig'))
      .map((path) => `${basename(path)} ${(statSync(path).size / 1e6).toFixed(1)} MB`);
    say(`made in ${seconds} s: ${sizes.join(', ')}`);
    return paths;
  };
  const [first, again] = [make('first'), make('again')];
  for (const [index, path] of first.entries()) {
    if (readFileSync(path).equals(readFileSync(again[index]))) continue;
    throw new Error(`${basename(path)} differs when it is made again`);
  }
  say('made again, each file has the same bytes');
  const find = (suffix) => first.find((path) => path.endsWith(suffix));
  return { archive: find('.tar.gz'), deb: find('.deb'), publicKey };
}

function madeBefore(made) {
  const find = (suffix) => {
    const name = readdirSync(made).find((each) => each.endsWith(suffix));
    if (name === undefined) throw new Error(`${made} has no *${suffix}`);
    return join(made, name);
  };
  return { archive: find('.tar.gz'), deb: find('.deb'), publicKey: find('release.pub') };
}

function unpack(archive) {
  const target = join(folder, 'unpacked');
  mkdirSync(target);
  must('tar', ['-xzf', archive, '-C', target]);
  return join(target, basename(archive, '.tar.gz'));
}

/** By minisign, and by the release itself; neither takes one that was changed. */
function verified(fedvox, archive, publicKey) {
  must('minisign', ['-V', '-q', '-m', archive, '-p', publicKey]);
  closed([fedvox, 'verify-release', archive, '--key', publicKey]);
  const changed = join(folder, 'changed.tar.gz');
  copyFileSync(archive, changed);
  copyFileSync(`${archive}.minisig`, `${changed}.minisig`);
  const bytes = readFileSync(changed);
  bytes.writeUInt8(bytes.readUInt8(1000) ^ 1, 1000);
  writeFileSync(changed, bytes);
  const { status, stdout } = closedly([
    fedvox,
    'verify-release',
    changed,
    '--key',
    publicKey,
    '--json',
  ]);
  if (status === 0 || JSON.parse(stdout).error.code !== 'installation/archive-altered') {
    throw new Error('an archive that was changed was not refused');
  }
  rmSync(changed);
  say('minisign and verify-release accept it; changed by one bit it is refused');
}

function doctor(fedvox) {
  const { lines } = JSON.parse(closed([fedvox, 'doctor', '--json']));
  for (const { what, state, text } of lines) say(`doctor: ${state}: ${what}: ${text}`);
  const engine = lines.find(({ what }) => what === 'engine');
  if (!engine.text.includes("this release's own"))
    throw new Error('the engine is not the release’s');
}

function demo(what, fedvox, ...options) {
  const started = Date.now();
  const report = JSON.parse(closed([fedvox, 'demo', '--json', ...options]));
  const seconds = ((Date.now() - started) / 1000).toFixed(0);
  say(
    `the demo ran from ${what} in ${seconds} s; it ends in ${JSON.stringify(report).slice(0, 120)}…`,
  );
}

/** The units' own command lines, with this folder in the place of the system's root. */
async function services(installed) {
  const fedvox = join(installed, 'usr/bin/fedvox');
  const units = join(installed, 'usr/lib/systemd/system');
  const etc = join(home, 'etc');
  mkdirSync(etc);
  const listen = {
    host: '127.0.0.1',
    federationPort: 18443,
    enrollmentPort: 18444,
    httpPort: 18445,
  };
  write(join(etc, 'coordinator.yaml'), {
    ...{ federation: 'closed', publicHost: 'localhost', listen },
    ...{ stateDir: join(home, 'coordinator'), consortiumDir: join(home, 'consortium') },
  });
  write(join(etc, 'site.yaml'), {
    ...{ site: 'north', stateDir: join(home, 'agent') },
    data: { kind: 'dicom', path: join(home, 'scans'), labels: { organ: 'organ' } },
  });
  mkdirSync(join(home, 'scans'));
  if (isRoot) must('chown', ['-R', `${ORDINARY_USER}:${ORDINARY_USER}`, home]);
  const line = (unit) => {
    const [, command] = /^ExecStart=(.*)$/m.exec(readFileSync(join(units, unit), 'utf8'));
    return command.replace('/usr/bin/fedvox', fedvox).replace('/etc/fedvox', etc).split(' ');
  };
  // In one closed network: what is typed, and the two services.
  const script = [
    `${fedvox} consortium init --federation closed --hosts localhost --dir ${home}/consortium`,
    `${line('fedvox-coordinator.service').join(' ')} & coordinator=$!`,
    'read -r _',
    `${fedvox} site invite north --coordinator localhost:18445 --operator ${home}/consortium-operator --output ${home}/north.json`,
    `${fedvox} agent enroll --config ${etc}/site.yaml --invitation ${home}/north.json`,
    `${line('fedvox-agent.service').join(' ')} & agent=$!`,
    'read -r _',
    `${fedvox} doctor --config ${etc}/site.yaml`,
    'kill $agent; wait $agent; kill $coordinator; wait $coordinator',
    'echo both ended',
  ].join('\n');
  const [program, ...args] = closedCommand(['sh', '-ec', script]);
  const child = spawn(program, args, { cwd: home });
  child.stderr.resume();
  for await (const said of createInterface({ input: child.stdout })) {
    if (/^(Serving|The agent|ok|WARNING|FAILED|both)/.test(said)) say(`services: ${said}`);
    if (/^(Serving|The agent)/.test(said)) child.stdin.write('\n');
  }
  if (child.exitCode === null) await once(child, 'exit');
  if (child.exitCode !== 0) throw new Error(`the services ended with ${child.exitCode}`);
}

function write(path, value) {
  writeFileSync(path, JSON.stringify(value));
}

/** A network with loopback alone, a user without rights, and a PATH without what hospitals lack. */
function closedCommand(command) {
  const up = 'ip link set lo up && exec "$@"';
  const user = `--reuid=${ORDINARY_USER} --regid=${ORDINARY_USER} --clear-groups --no-new-privs`;
  const asUser = isRoot ? ['setpriv', ...user.split(' ')] : [];
  const env = Object.entries(closedEnvironment()).map(([name, value]) => `${name}=${value}`);
  const space = isRoot ? ['--net'] : ['--map-root-user', '--net'];
  const inside = ['sh', '-ec', up, 'sh', ...asUser, 'env', '-i', ...env, ...command];
  return ['unshare', ...space, '--', ...inside];
}

function closedEnvironment() {
  return { PATH: programs, HOME: home };
}

function closedly(command) {
  const [program, ...args] = closedCommand(command);
  const options = { cwd: home, encoding: 'utf8', timeout: STEP_TIMEOUT_MS, maxBuffer: 2 ** 28 };
  return spawnSync(program, args, options);
}

function closed(command) {
  const { status, error, stdout, stderr } = closedly(command);
  if (status === 0) return stdout;
  const last = `${stderr}`.trim().split('\n').slice(-5).join('\n');
  throw new Error(`${command.join(' ')} ended with ${error?.message ?? status}:\n${last}`);
}

function must(program, args) {
  const options = {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
    timeout: STEP_TIMEOUT_MS,
  };
  const { status, error, stdout } = spawnSync(program, args, options);
  if (status === 0) return stdout;
  throw new Error(`${program} ${args.join(' ')} ended with ${error?.message ?? status}`);
}
