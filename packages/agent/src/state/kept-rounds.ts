import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { SHA256_PATTERN, type Sha256 } from '@fedvox/base';
import {
  isThere,
  makeFolderDurably,
  randomId,
  renameDurably,
  syncFolder,
} from '@fedvox/base/system';
import { z } from 'zod';
import { readJsonFile, writeJsonFile } from './json-file.js';

const ABOUT_FILE = 'round.json';
const ACCEPTED_FILE = 'accepted.json';
const ROUND_NAME = /^[1-9]\d{0,9}$/;

const digest = z.string().regex(SHA256_PATTERN);
const aboutSchema = z.strictObject({ baseModel: digest, delta: digest.nullable() });

/** Which update it was kept with. */
export interface KeptAbout {
  readonly baseModel: Sha256;
  /** Null where nothing was trained. */
  readonly delta: Sha256 | null;
}

export interface KeptRound {
  readonly round: number;
  readonly folder: string;
  /** Whether the coordinator's receipt for this very delta is here. */
  readonly isAccepted: boolean;
}

/**
 * What a job keeps at the site, for its strategy or its encoding, in a folder for each job and round that
 * appears whole or not at all: it is put there before the round's update is sent, and said to be accepted with
 * the receipt. Of a job there are the last round, the one before, so that the last may be done again from what
 * that one left, and the last before that was accepted.
 * A name that begins with a dot is something a crash left behind.
 */
export class KeptRounds {
  readonly #root: string;

  constructor(root: string) {
    this.#root = root;
  }

  /** Removes what killed agents left half done. Only for whoever holds the lock. */
  async removeLeftovers(): Promise<void> {
    const folders = [this.#root, ...(await this.jobs()).map((job) => join(this.#root, job))];
    for (const folder of folders) {
      const left = (await namesIn(folder)).filter((name) => name.startsWith('.'));
      for (const name of left) await rm(join(folder, name), { recursive: true });
    }
  }

  /** Sorted. */
  async jobs(): Promise<readonly string[]> {
    return (await namesIn(this.#root)).filter((name) => !name.startsWith('.')).sort();
  }

  /** What the latest round left. */
  latest(job: string): Promise<KeptRound | null> {
    return this.before(job, Number.POSITIVE_INFINITY);
  }

  /** What the latest round before this one left; null where none did. */
  async before(job: string, round: number): Promise<KeptRound | null> {
    const earlier = (await this.#rounds(job)).filter((kept) => kept < round);
    if (earlier.length === 0) return null;
    const latest = Math.max(...earlier);
    const folder = this.#folderOf(job, latest);
    return { round: latest, folder, isAccepted: await isThere(join(folder, ACCEPTED_FILE)) };
  }

  /** What the latest round before this one left whose update was accepted; null where none did. */
  async acceptedBefore(job: string, round: number): Promise<KeptRound | null> {
    for (let at = await this.before(job, round); at !== null; ) {
      if (at.isAccepted) return at;
      at = await this.before(job, at.round);
    }
    return null;
  }

  /** Takes over a folder and what is in it; what was kept of this round before, and of later ones, goes. */
  async put(job: string, round: number, about: KeptAbout, from: string): Promise<void> {
    await writeJsonFile(join(from, ABOUT_FILE), about);
    await syncFolder(from);
    await makeFolderDurably(join(this.#root, job));
    const latest = (await this.before(job, round))?.round;
    const accepted = (await this.acceptedBefore(job, round))?.round;
    for (const kept of await this.#rounds(job)) {
      if (kept !== latest && kept !== accepted) await this.#remove(this.#folderOf(job, kept));
    }
    await renameDurably(from, this.#folderOf(job, round));
  }

  /** Nothing happens where the round kept something with another delta, or nothing. */
  async accept(job: string, round: number, delta: Sha256): Promise<void> {
    const folder = this.#folderOf(job, round);
    const about = await readJsonFile(join(folder, ABOUT_FILE), aboutSchema);
    if (about?.delta === delta) await writeJsonFile(join(folder, ACCEPTED_FILE), {});
  }

  async forget(job: string): Promise<void> {
    if (await isThere(join(this.#root, job))) await this.#remove(join(this.#root, job));
  }

  async #rounds(job: string): Promise<number[]> {
    const names = await namesIn(join(this.#root, job));
    return names.filter((name) => ROUND_NAME.test(name)).map(Number);
  }

  #folderOf(job: string, round: number): string {
    return join(this.#root, job, String(round));
  }

  async #remove(path: string): Promise<void> {
    const leaving = join(path, '..', `.leaving-${randomId()}`);
    await renameDurably(path, leaving);
    await rm(leaving, { recursive: true });
  }
}

async function namesIn(folder: string): Promise<string[]> {
  return (await isThere(folder)) ? readdir(folder) : [];
}
