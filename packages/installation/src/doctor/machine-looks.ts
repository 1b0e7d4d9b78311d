import { existsSync } from 'node:fs';
import { access, constants, readFile, statfs } from 'node:fs/promises';
import { availableParallelism, cpus, release, totalmem, type } from 'node:os';
import { dirname } from 'node:path';
import type { OwnRelease } from '../own-release.js';
import type { Symptom } from './doctor-finding.js';

const GIB = 1024 ** 3;
/** Of what releases are compiled with; an older C library does not load their native parts. */
const LEAST_GLIBC = [2, 34] as const;
/** Below it a network of the usual size and its patch find no room. */
const USUAL_MEMORY_BYTES = 4 * GIB;
const LEAST_MEMORY_BYTES = 1 * GIB;
const USUAL_DISK_BYTES = 20 * GIB;
const LEAST_DISK_BYTES = 0.25 * GIB;
/** What the engine has loops of its own for, the best last, by the processor's names of what they need. */
const INSTRUCTION_SETS = [
  { name: 'AVX2', flags: ['avx2', 'fma'] },
  { name: 'AVX-512', flags: ['avx512f', 'avx512bw', 'avx512dq', 'avx512vl'] },
  { name: 'AVX-512 with bfloat16', flags: ['avx512_bf16'] },
] as const;

export function lookAtProgram(own: OwnRelease | undefined): Symptom {
  const node = `Node ${process.versions.node}`;
  if (own === undefined) return { state: 'ok', text: `a clone of the sources, on ${node}` };
  const { version, commit, folder } = own;
  return {
    state: 'ok',
    text: `release ${version} (${shortened(commit)}) in ${folder}, on ${node}`,
  };
}

/** What is said of it besides, that not all of it was committed, stays. */
const shortened = (commit: string) => commit.replace(/^([0-9a-f]{12})[0-9a-f]+/, '$1');

/** The C library matters to a release alone: a clone is compiled where it runs. */
export function lookAtSystem(own: OwnRelease | undefined): Symptom {
  const system = `${type()} ${release()}`;
  const glibc = glibcVersion();
  if (glibc === undefined) return { state: 'ok', text: system };
  const text = `${system}, glibc ${glibc}`;
  if (own === undefined || isAtLeast(glibc, LEAST_GLIBC)) return { state: 'ok', text };
  const advice = `A release needs glibc ${LEAST_GLIBC.join('.')} or newer: Debian 12, Ubuntu 22.04, RHEL 9, or what came after them.`;
  return { state: 'failure', text, advice };
}

function glibcVersion(): string | undefined {
  const { header } = process.report.getReport() as {
    readonly header: { readonly glibcVersionRuntime?: string };
  };
  return header.glibcVersionRuntime;
}

function isAtLeast(version: string, [major, minor]: readonly [number, number]): boolean {
  const [hasMajor = 0, hasMinor = 0] = version.split('.').map(Number);
  return hasMajor > major || (hasMajor === major && hasMinor >= minor);
}

export async function lookAtProcessor(): Promise<Symptom> {
  const model = cpus()[0]?.model.trim() || process.arch;
  const threads = `${model}, ${availableParallelism()} thread(s)`;
  const flags = await processorFlags();
  if (flags === undefined) return { state: 'ok', text: threads };
  const sets = INSTRUCTION_SETS.filter((set) => set.flags.every((flag) => flags.has(flag)));
  if (sets.length > 0) {
    return { state: 'ok', text: `${threads}, ${sets.map(({ name }) => name).join(', ')}` };
  }
  const advice =
    'Training takes several times as long without AVX2; in a virtual machine, have the host pass its processor on.';
  return { state: 'warning', text: `${threads}, without AVX2`, advice };
}

/** As Linux names them; undefined on another system, and on processors without such names. */
async function processorFlags(): Promise<ReadonlySet<string> | undefined> {
  const path = '/proc/cpuinfo';
  if (process.arch !== 'x64' || !existsSync(path)) return undefined;
  const [, flags = ''] = /^flags\s*:(.*)$/m.exec(await readFile(path, 'utf8')) ?? [];
  return new Set(flags.trim().split(' '));
}

/** What this process may have, which in a container is less than the machine has. */
export function lookAtMemory(needed: 'to train' | 'to serve'): Symptom {
  // Where nothing limits the process, what is told is 0 or far more than there is.
  const limit = process.constrainedMemory() || Number.POSITIVE_INFINITY;
  const all = Math.min(totalmem(), limit);
  const limited = limit < totalmem() ? ', the limit of this process' : '';
  const text = `${gib(process.availableMemory())} of ${gib(all)} are free${limited}`;
  if (all < LEAST_MEMORY_BYTES) {
    return { state: 'failure', text, advice: `Give it ${gib(USUAL_MEMORY_BYTES)} or more.` };
  }
  if (needed === 'to serve' || all >= USUAL_MEMORY_BYTES) return { state: 'ok', text };
  const advice = `Usual 3D networks train in ${gib(USUAL_MEMORY_BYTES)} or more; where there is less, smaller patches and batches.`;
  return { state: 'warning', text, advice };
}

/** Of the folder that the state lies in, or is going to. */
export async function lookAtDisk(stateDir: string): Promise<Symptom> {
  const folder = await nearestFolder(stateDir);
  await access(folder, constants.W_OK);
  const { bsize, bavail, blocks } = await statfs(folder);
  const free = bsize * bavail;
  const text = `${gib(free)} of ${gib(bsize * blocks)} are free for ${stateDir}`;
  const advice = `Caches of scans and models of several rounds lie there: ${gib(USUAL_DISK_BYTES)} are usual.`;
  if (free < LEAST_DISK_BYTES) return { state: 'failure', text, advice };
  return free < USUAL_DISK_BYTES ? { state: 'warning', text, advice } : { state: 'ok', text };
}

async function nearestFolder(path: string): Promise<string> {
  const parent = dirname(path);
  return existsSync(path) || parent === path ? path : nearestFolder(parent);
}

const gib = (bytes: number) => `${(bytes / GIB).toFixed(1)} GiB`;
