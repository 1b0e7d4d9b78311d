import { z } from 'zod';
import { fail } from '../errors.js';
import { readJsonFile, writeJsonFile } from './json-file.js';
import type { StateFolder } from './state-folder.js';

/**
 * Brings what lies in the folder from one version to the next. It may be killed at any point and is
 * then done again from its beginning: what it finds done it leaves as it is, and what a file says is
 * replaced whole or not at all.
 */
export type FolderMigration = (folder: StateFolder) => Promise<void>;

/** By place, from version 1 on. Never edited once released, only added to. */
const MIGRATIONS: readonly FolderMigration[] = [];

/** What a newer version says besides is its own affair. */
const versionSchema = z.looseObject({ version: z.number().int().positive() });

/**
 * The version that the folder says it is of; undefined where it says none.
 * @throws FedvoxError `agent/state-too-new`, `agent/state-unreadable`
 */
export async function saidVersion(
  folder: StateFolder,
  migrations = MIGRATIONS,
): Promise<number | undefined> {
  const said = await readJsonFile(folder.version, versionSchema);
  if (said === undefined) return undefined;
  const { version } = said;
  const known = migrations.length + 1;
  if (version > known) throw fail('state-too-new', { folder: folder.root, version, known });
  return version;
}

/**
 * Brings a folder to this agent's version and lets it say so. One that says none is of version 1, for
 * the first agents said none. Only for whoever holds the lock.
 * @throws FedvoxError `agent/state-too-new`, `agent/state-unreadable`
 */
export async function bringForward(folder: StateFolder, migrations = MIGRATIONS): Promise<void> {
  const said = await saidVersion(folder, migrations);
  const sayVersion = (version: number) => writeJsonFile(folder.version, { version });
  if (said === undefined) await sayVersion(1);
  for (const [step, migrate] of migrations.entries()) {
    if (step + 1 < (said ?? 1)) continue;
    await migrate(folder);
    await sayVersion(step + 2);
  }
}
