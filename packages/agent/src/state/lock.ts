import { readFileSync } from 'node:fs';
import { link, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Clock } from '@fedvox/base';
import { randomId } from '@fedvox/base/system';
import { fail } from '../errors.js';

export interface Lock {
  release(): Promise<void>;
}

/** Of several agents that find the same dead agent's lock, the last to claim it keeps it. */
const CLAIM_SETTLES_MS = 50;

/**
 * One agent per state folder: two would sign with the same counter and deliver each other's answers.
 * The lock of a killed agent does not count.
 * @throws FedvoxError `agent/already-running`
 */
export async function takeLock(path: string, clock: Clock): Promise<Lock> {
  const self = describe(process.pid) ?? String(process.pid);
  const claim = `${path}.${randomId()}`;
  await writeFile(claim, self, { mode: 0o600 });
  try {
    if (!(await createOnce(claim, path))) {
      const holder = await readIfPresent(path);
      if (isAlive(holder)) throw alreadyRunning(path, holder);
      await rename(claim, path);
      await clock.sleep(CLAIM_SETTLES_MS);
      const winner = await readIfPresent(path);
      if (winner !== self) throw alreadyRunning(path, winner);
    }
  } finally {
    await rm(claim, { force: true });
  }
  return { release: () => rm(path, { force: true }) };
}

/** Who works on a state folder, or did until it was killed. */
export interface LockHolder {
  readonly pid: number;
  readonly isAlive: boolean;
}

/** Undefined where nobody holds it. */
export async function lockHolder(path: string): Promise<LockHolder | undefined> {
  const holder = await readIfPresent(path);
  if (holder === '') return undefined;
  return { pid: Number(holder.split(' ')[0]), isAlive: isAlive(holder) };
}

/** A hard link is made whole or not at all: nobody reads a lock that is still empty. */
async function createOnce(claim: string, path: string): Promise<boolean> {
  try {
    await link(claim, path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

/** Whether the very process that wrote the lock still runs, not another one under its number. */
function isAlive(holder: string): boolean {
  const pid = Number(holder.split(' ')[0]);
  if (!Number.isSafeInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
  return describe(pid) === undefined || describe(pid) === holder;
}

/** `pid start-time`: process numbers are used again, their start times are not. Linux only. */
function describe(pid: number): string | undefined {
  try {
    const status = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The command's name, in parentheses, may itself hold spaces; field 22 is the start time.
    const startTime = status.slice(status.lastIndexOf(')') + 2).split(' ')[19];
    return `${pid} ${startTime}`;
  } catch {
    return undefined;
  }
}

async function readIfPresent(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
    throw error;
  }
}

function alreadyRunning(path: string, holder: string) {
  return fail('already-running', { pid: holder.split(' ')[0] ?? '', folder: dirname(path) });
}
