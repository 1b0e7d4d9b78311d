import { relative } from 'node:path';
import { isThere, keepCopy, type Logger } from '@fedvox/base/system';
import { z } from 'zod';
import { fail } from '../errors.js';
import { readJsonFile, writeJsonFile } from './json-file.js';
import type { StateFolder } from './state-folder.js';

/**
 * Brings what lies in the folder from one version to the next. It may be killed at any point and is
 * then done again from its beginning: what it finds done it leaves as it is, and what a file says is
 * replaced whole or not at all.
 */
export interface FolderMigration {
  /** All that it changes, makes or removes: files, and folders with all that is in them. */
  readonly touches: (folder: StateFolder) => readonly string[];
  readonly migrate: (folder: StateFolder) => Promise<void>;
}

/** By place, from version 1 on. Never edited once released, only added to. */
const MIGRATIONS: readonly FolderMigration[] = [];

/** The version of a folder that this agent writes. */
export const KNOWN_FOLDER_VERSION = MIGRATIONS.length + 1;

const version = z.number().int().positive();
/** What a newer version says besides is its own affair. */
const versionSchema = z.looseObject({
  version,
  /** Which version of the program opened the folder last; the first ones did not say. */
  program: z.string().optional(),
  /** Under way: to which version, and where what it changes is kept as it was. */
  migrating: z.strictObject({ to: version, copy: z.string() }).optional(),
  /** The folder is half way back to what a copy holds; what was there goes into `aside`. */
  goingBack: z.strictObject({ copy: z.string(), aside: z.string() }).optional(),
});
export type FolderVersion = z.output<typeof versionSchema>;

/** Who opens a folder, and when. */
export interface FolderOpener {
  /** The program's version. */
  readonly program: string;
  readonly nowMs: number;
  readonly log?: Logger | undefined;
}

/**
 * What the folder says of its version; undefined where it says nothing.
 * @throws FedvoxError `agent/state-too-new`, `agent/state-unreadable`, `agent/state-half-back`
 */
export async function saidVersion(
  folder: StateFolder,
  migrations = MIGRATIONS,
): Promise<FolderVersion | undefined> {
  const said = await readFolderVersion(folder);
  if (said === undefined) return undefined;
  const known = migrations.length + 1;
  // Half migrated, it is neither what it was nor what it is to be.
  const newest = Math.max(said.version, said.migrating?.to ?? 1);
  if (newest > known) {
    throw fail('state-too-new', { folder: folder.root, version: newest, known });
  }
  if (said.goingBack !== undefined) throw fail('state-half-back', { folder: folder.root });
  return said;
}

/** As it stands, whoever wrote it. @throws FedvoxError `agent/state-unreadable` */
export function readFolderVersion({ version }: StateFolder): Promise<FolderVersion | undefined> {
  return readJsonFile(version, versionSchema);
}

export function writeFolderVersion(folder: StateFolder, said: FolderVersion): Promise<void> {
  return writeJsonFile(folder.version, said);
}

/**
 * Brings a folder to this agent's version and lets it say so. One that says none is of version 1, for
 * the first agents said none. What the steps change is kept before the first of them, as it was. Only for whoever holds the lock.
 * @throws FedvoxError `agent/state-too-new`, `agent/state-unreadable`, `agent/state-half-back`
 */
export async function bringForward(
  folder: StateFolder,
  opener: FolderOpener,
  migrations = MIGRATIONS,
): Promise<void> {
  const { program } = opener;
  const found = await saidVersion(folder, migrations);
  const said = found ?? { version: 1 };
  const steps = [...migrations.entries()].slice(said.version - 1);
  // The first agents' folders said nothing either, but whose they were.
  const isNew = found === undefined && !(await isThere(folder.enrolment));
  let { migrating } = said;
  if (steps.length > 0 && !isNew) {
    migrating ??= await keepBefore(folder, said, opener, migrations);
    await writeFolderVersion(folder, { ...said, program, migrating });
  }
  for (const [step, { migrate }] of steps) {
    await migrate(folder);
    const isLast = step === migrations.length - 1;
    await writeFolderVersion(folder, {
      version: step + 2,
      program,
      ...(isLast || migrating === undefined ? {} : { migrating }),
    });
  }
  if (steps.length > 0 || said.program === program) return;
  await writeFolderVersion(folder, { version: said.version, program });
}

/** A copy of all that the steps change; one that a kill left is made anew, for nothing was changed before it was written down. */
async function keepBefore(
  folder: StateFolder,
  said: FolderVersion,
  { program, nowMs: takenAtMs, log }: FolderOpener,
  migrations: readonly FolderMigration[],
): Promise<NonNullable<FolderVersion['migrating']>> {
  const { root } = folder;
  const from = said.version;
  const to = migrations.length + 1;
  const touched = migrations.slice(from - 1).flatMap(({ touches }) => touches(folder));
  const paths = [...new Set([folder.version, ...touched].map((path) => relative(root, path)))];
  const { folder: kept } = await keepCopy({ root, program, from, to, takenAtMs, paths });
  const copy = relative(root, kept);
  log?.info({ from, to, copy: kept }, 'the state folder is brought forward; a copy is kept');
  return { to, copy };
}
