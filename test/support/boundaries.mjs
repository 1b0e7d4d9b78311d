/**
 * Named boundaries of a process: right before and right after each write to the disk, and whatever else
 * a program announces by `boundary`. The process dies, as by a power cut, at the one that
 * `FEDVOX_DIE_AT` names; all that it passes are listed in the file `FEDVOX_BOUNDARIES`. A program loads
 * this before anything that writes.
 */
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';

const { appendFileSync } = fs;
const { FEDVOX_DIE_AT: dieAt, FEDVOX_BOUNDARIES: list, FEDVOX_STATE: state = '' } = process.env;
const passed = new Map();

/** The n-th time that a boundary is met it is another one: `before rename to blobs #3`. */
export function boundary(what) {
  const times = (passed.get(what) ?? 0) + 1;
  passed.set(what, times);
  const name = `${what} #${times}`;
  if (list !== undefined) appendFileSync(list, `${name}\n`);
  if (name === dieAt) process.kill(process.pid, 'SIGKILL');
}

/** A file by what it is for: names that chance or a digest made are one. */
function roleOf(path) {
  const own = String(path).startsWith(state) ? String(path).slice(state.length + 1) : String(path);
  return own
    .replace(/[0-9a-f]{64}/g, 'DIGEST')
    .replace(/\b[0-9a-f]{2}\/DIGEST/g, 'DIGEST')
    .replace(/\/[0-9a-f]{2}$/g, '/DIGITS')
    .replace(/\.(arriving|leaving)-[0-9a-z]+/g, '.$1')
    .replace(/\.[0-9a-z]{8,}\.tmp/g, '.tmp')
    .replace(/^(incoming)\/[0-9a-z]{8,}/, '$1/DRAFT');
}

const isOwn = (path) => state !== '' && String(path).startsWith(`${state}/`);

/** Announces a function's calls that are about the process's own state; `about` says of what. */
function announce(owner, name, about) {
  const original = owner[name];
  owner[name] = function (...args) {
    const path = about(this, args);
    if (path === undefined || !isOwn(path)) return original.apply(this, args);
    const what = `${name.replace(/Sync$/, '')} of ${roleOf(path)}`;
    boundary(`before ${what}`);
    const result = original.apply(this, args);
    if (!(result instanceof Promise)) {
      boundary(`after ${what}`);
      return result;
    }
    return result.then((value) => {
      boundary(`after ${what}`);
      return value;
    });
  };
}

const handles = new WeakMap();
const { open } = fs.promises;
fs.promises.open = async (path, ...rest) => {
  const handle = await open(path, ...rest);
  handles.set(handle, path);
  return handle;
};
const probe = await open(process.execPath);
const FileHandle = Object.getPrototypeOf(probe);
await probe.close();
for (const name of ['sync', 'writeFile', 'write', 'truncate']) {
  announce(FileHandle, name, (handle) => handles.get(handle));
}
for (const name of ['rm', 'unlink', 'writeFile']) {
  announce(fs.promises, name, (_, [path]) => path);
}
for (const name of ['rename', 'link']) announce(fs.promises, name, (_, [, to]) => to);

const descriptors = new Map();
const { openSync } = fs;
fs.openSync = (path, ...rest) => {
  const descriptor = openSync(path, ...rest);
  descriptors.set(descriptor, path);
  return descriptor;
};
for (const name of ['writeSync', 'fsyncSync', 'ftruncateSync']) {
  announce(fs, name, (_, [descriptor]) => descriptors.get(descriptor));
}
announce(fs, 'renameSync', (_, [, to]) => to);
syncBuiltinESMExports();
