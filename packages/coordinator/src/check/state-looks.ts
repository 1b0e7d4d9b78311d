import { access, constants, statfs } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { errorText, isFedvoxError } from '@fedvox/base';
import type { BucketConfig, CoordinatorConfig } from '../config.js';
import { ownClient } from '../own-client.js';
import { type BucketSurroundings, S3Bucket } from '../store/bucket.js';
import { inspectPostgres } from '../store/inspect-postgres.js';
import { inspectStore, type StoreInspection } from '../store/inspect-store.js';
import { readRevocations } from '../store/revocation-file.js';
import { revocationsPath } from '../store/revocations-path.js';
import type { Looked } from './coordinator-check.js';

const GIB = 1024 ** 3;
/** Below it the database itself may find no room. */
const LEAST_FREE_BYTES = 0.25 * GIB;
const LOW_SHARE = 0.1;
/** Clocks of one host that are corrected step back by less. */
const CLOCK_TOLERANCE_MS = 5 * 60_000;

export async function lookAtDisk({ stateDir, limits }: CoordinatorConfig): Promise<Looked> {
  const folder = await nearestFolder(stateDir);
  await access(folder, constants.W_OK);
  const { bsize, bavail, blocks } = await statfs(folder);
  const [free, all] = [bsize * bavail, bsize * blocks];
  const share = free / all;
  const text = `${gib(free)} of ${gib(all)} are free for ${stateDir} (${Math.floor(share * 100)} %)`;
  const advice = `A round leaves a delta of each site and a model of up to limits.maxModelBytes (${gib(limits.maxModelBytes)}). Set retention in coordinator.yaml, or give stateDir a larger disk.`;
  if (free < LEAST_FREE_BYTES) return { state: 'failure', text, advice };
  const isLow = share < LOW_SHARE || free < 2 * limits.maxModelBytes;
  return isLow ? { state: 'warning', text, advice } : { state: 'ok', text };
}

const gib = (bytes: number) => `${(bytes / GIB).toFixed(1)} GiB`;

/** The state folder, or where it is going to be made. */
async function nearestFolder(path: string): Promise<string> {
  for (let folder = path; ; folder = dirname(folder)) {
    const isThere = await access(folder).then(
      () => true,
      () => false,
    );
    if (isThere || folder === dirname(folder)) return folder;
  }
}

/** Read where it lies; one that a coordinator holds open is asked for by its health. */
export async function lookAtDatabase(config: CoordinatorConfig): Promise<Looked> {
  if (config.store !== undefined) return lookAtServer(config.store);
  const inspection = await inspectOrNull(config.stateDir);
  if (inspection === null) return askTheRunning(config);
  if (inspection.kind === 'none') {
    return { state: 'ok', text: `none yet: it begins in ${config.stateDir} at the first start` };
  }
  const { version, known, problems } = inspection;
  if (version > known) return tooNew(version, known);
  if (problems.length > 0) {
    return {
      state: 'failure',
      text: `it is damaged: ${problems.join('; ')}`,
      advice:
        'Keep a copy of stateDir, then restore the newest backup ("fedvox coordinator restore").',
    };
  }
  return { state: 'ok', text: `whole, of version ${version}${broughtForward(version, known)}` };
}

/** Whoever leads there goes on leading. */
async function lookAtServer(url: string): Promise<Looked> {
  const { name, version, known, leader } = await inspectPostgres(url);
  if (version > known) return tooNew(version, known);
  if (version === 0) return { state: 'ok', text: `nothing yet on ${name}, which takes writes` };
  const who = leader === '' ? 'nobody leads' : `${leader} leads, or did when it died`;
  const text = `of version ${version}${broughtForward(version, known)} on ${name}; ${who}`;
  return { state: 'ok', text };
}

function tooNew(version: number, known: number): Looked {
  return {
    state: 'failure',
    text: `it is of version ${version}; this coordinator knows ${known}`,
    advice: 'Start the coordinator version that wrote it, or a newer one.',
  };
}

const broughtForward = (version: number, known: number) =>
  version < known ? `, brought to ${known} at the next start` : '';

/** Where it is no bucket, it is a folder, which the disk was looked at for. */
export async function lookAtBucket(
  blobs: BucketConfig,
  surroundings: BucketSurroundings,
): Promise<Looked> {
  const { name } = await S3Bucket.open(blobs, surroundings);
  return { state: 'ok', text: `${name} answers` };
}

/** Null where a coordinator holds it. */
async function inspectOrNull(stateDir: string): Promise<StoreInspection | null> {
  try {
    return await inspectStore(stateDir);
  } catch (error) {
    if (isFedvoxError(error, 'coordinator/state-in-use')) return null;
    throw error;
  }
}

async function askTheRunning(config: CoordinatorConfig): Promise<Looked> {
  const client = await ownClient(config);
  try {
    const { version, warnings } = await client.health();
    const text = `held by the coordinator that runs here (${version}), which reads it`;
    if (warnings.length === 0) return { state: 'ok', text };
    return { state: 'warning', text: `${text} and warns: ${warnings.join('; ')}` };
  } catch (error) {
    return {
      state: 'failure',
      text: `another program holds it, and no coordinator answers: ${errorText(error)}`,
      advice:
        'Find what has state.sqlite open. One that hangs may be killed: nothing accepted is lost.',
    };
  } finally {
    client.close();
  }
}

/** The file that no restored backup undoes. */
export async function lookAtRevocations(config: CoordinatorConfig): Promise<Looked> {
  const path = revocationsPath(config);
  const entries = await readRevocations(path);
  if (entries === null) {
    await access(dirname(path), constants.W_OK);
    const hasState = await access(join(config.stateDir, 'state.sqlite')).then(
      () => true,
      () => false,
    );
    if (!hasState) return { state: 'ok', text: `none yet: ${path} begins at the first start` };
    const advice =
      'Put its newest copy back before the coordinator starts: without it, whoever was revoked since a restored backup would be let in.';
    return { state: 'warning', text: `${path} is not there, but there is a state`, advice };
  }
  await access(path, constants.W_OK);
  return { state: 'ok', text: `${entries.length} in ${path}` };
}

/** Nothing can have happened in the future. */
export async function lookAtClock(config: CoordinatorConfig, nowMs: number): Promise<Looked> {
  const lastFactAtMs = await lastFactOf(config);
  const now = new Date(nowMs).toISOString();
  if (lastFactAtMs === null) {
    return { state: 'ok', text: `${now}, with nothing to compare it to` };
  }
  const last = new Date(lastFactAtMs).toISOString();
  if (lastFactAtMs - nowMs <= CLOCK_TOLERANCE_MS) {
    return { state: 'ok', text: `${now}, after the last event (${last})` };
  }
  return {
    state: 'failure',
    text: `this host’s clock says ${now}, but the last event was at ${last}`,
    advice:
      'Set the clock right (NTP) before the coordinator starts: deadlines and certificates go by it.',
  };
}

async function lastFactOf({ store, stateDir }: CoordinatorConfig): Promise<number | null> {
  if (store !== undefined) return (await inspectPostgres(store)).lastFactAtMs;
  const inspection = await inspectOrNull(stateDir);
  return inspection?.kind === 'store' ? inspection.lastFactAtMs : null;
}
