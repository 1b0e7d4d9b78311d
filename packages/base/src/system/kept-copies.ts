import { constants } from 'node:fs';
import { copyFile, mkdir, open, readdir, readFile, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { fail } from '../base-errors.js';
import { SHA256_PATTERN } from '../digest.js';
import { errorText } from '../errors.js';
import {
  isThere,
  makeFolder,
  renameDurably,
  syncFolder,
  writeFileDurably,
} from './durable-file.js';
import { sha256File } from './file-digest.js';
import { randomId } from './system-chance.js';

const NOTE_FILE = 'copy.json';
const PREFIX = 'before-';
/** Those of the last two versions: whoever found a fault late can still go back. */
const MAX_COPIES = 2;

const format = z.number().int().positive();
const noteSchema = z.looseObject({
  /** Which version of the program was about to change the state. */
  program: z.string().min(1),
  /** The state's form as it was, and as it was to become. */
  from: format,
  to: format,
  takenAtMs: z.number().int().nonnegative(),
  /** What the copy holds, by its path in the state folder. */
  files: z.array(z.strictObject({ path: z.string(), sha256: z.string().regex(SHA256_PATTERN) })),
  /** What was about to change, files and folders, whether it was there or not. */
  paths: z.array(z.string()),
});

/** What a copy says of itself. */
export type CopyNote = z.output<typeof noteSchema>;

/** A state folder's part that a migration was about to change, as it was before. */
export interface KeptCopy {
  readonly folder: string;
  readonly note: CopyNote;
}

/** What is to be kept, and of what. */
export interface CopyOrder
  extends Pick<CopyNote, 'program' | 'from' | 'to' | 'takenAtMs' | 'paths'> {
  /** The state folder. */
  readonly root: string;
  /** Writes what there is of them into the folder, by the same paths; copies them where it is absent. */
  readonly fill?: (folder: string) => Promise<void>;
}

/**
 * Keeps a copy as `before-VERSION` in the state folder: there whole, durable and with its digests, or not at all. One
 * that the same version made before is replaced, so nobody may call this while the state is half migrated.
 * The oldest go.
 */
export async function keepCopy({ root, fill, ...said }: CopyOrder): Promise<KeptCopy> {
  await removeLeftovers(root);
  const draft = join(root, `${PREFIX}.arriving-${randomId()}`);
  const folder = join(root, `${PREFIX}${said.program}`);
  await makeFolder(draft, 0o700);
  try {
    await (fill === undefined ? copyPaths(root, said.paths, draft) : fill(draft));
    const files = [];
    for (const path of await filesIn(draft)) {
      files.push({ path, sha256: await sha256File(join(draft, path)) });
      await syncFile(join(draft, path));
    }
    for (const path of await foldersIn(draft)) await syncFolder(join(draft, path));
    const note: CopyNote = { ...said, paths: [...said.paths], files };
    await writeFileDurably(join(draft, NOTE_FILE), `${JSON.stringify(note)}\n`, { mode: 0o600 });
    await removeWhole(folder);
    await renameDurably(draft, folder);
    for (const old of (await keptCopies(root)).slice(MAX_COPIES)) await removeWhole(old.folder);
    return { folder, note };
  } catch (error) {
    // What does not fit must not fill the disk further.
    await rm(draft, { recursive: true, force: true });
    throw error;
  }
}

/** The copies in a state folder, the newest first. @throws FedvoxError `base/copy-unusable` */
export async function keptCopies(root: string): Promise<readonly KeptCopy[]> {
  const names = (await namesIn(root)).filter((name) => name.startsWith(PREFIX) && !isDraft(name));
  const copies = await Promise.all(names.map((name) => readCopy(join(root, name))));
  return copies.sort((a, b) => b.note.takenAtMs - a.note.takenAtMs);
}

/** Holds every file of a copy against its digest. @throws FedvoxError `base/copy-unusable` */
export async function verifyCopy({ folder, note }: KeptCopy): Promise<void> {
  for (const { path, sha256 } of note.files) {
    const actual = await sha256File(join(folder, path)).catch((cause: unknown) => {
      throw fail('copy-unusable', { folder, reason: errorText(cause) }, { cause });
    });
    if (actual === sha256) continue;
    throw fail('copy-unusable', { folder, reason: `${path} has digest ${actual}, not ${sha256}` });
  }
}

/** Copies a file of a copy so that `to` is the old one or the new one after any crash. */
export async function putBack({ folder }: KeptCopy, path: string, to: string): Promise<void> {
  const draft = join(dirname(to), `.${randomId()}.tmp`);
  await makeFolder(dirname(to), 0o700);
  await copyFile(join(folder, path), draft, constants.COPYFILE_EXCL);
  await syncFile(draft);
  await renameDurably(draft, to);
}

/** Forgets a copy; a crash leaves it whole, or as something that is no copy any more. */
export function removeCopy({ folder }: KeptCopy): Promise<void> {
  return removeWhole(folder);
}

/** A name in the state folder for what is gone back from: of several returns each keeps its own. */
export async function freeAside(root: string, { note }: KeptCopy): Promise<string> {
  for (let number = 1; ; number++) {
    const name = `after-${note.program}${number === 1 ? '' : `-${number}`}`;
    if (!(await isThere(join(root, name)))) return name;
  }
}

async function readCopy(folder: string): Promise<KeptCopy> {
  try {
    const note = noteSchema.parse(JSON.parse(await readFile(join(folder, NOTE_FILE), 'utf8')));
    return { folder, note };
  } catch (cause) {
    throw fail('copy-unusable', { folder, reason: errorText(cause) }, { cause });
  }
}

const isDraft = (name: string) => /^before-\.(arriving|leaving)-/.test(name);

/** What a kill left of copies that were not there yet, or were on their way out. */
async function removeLeftovers(root: string): Promise<void> {
  for (const name of (await namesIn(root)).filter(isDraft)) {
    await rm(join(root, name), { recursive: true });
  }
}

async function removeWhole(folder: string): Promise<void> {
  if (!(await isThere(folder))) return;
  const leaving = join(dirname(folder), `${PREFIX}.leaving-${randomId()}`);
  await renameDurably(folder, leaving);
  await rm(leaving, { recursive: true });
}

async function namesIn(folder: string): Promise<readonly string[]> {
  return (await isThere(folder)) ? readdir(folder) : [];
}

/** Every file below a folder, by its path from there, sorted. */
async function filesIn(folder: string): Promise<readonly string[]> {
  return (await entriesIn(folder)).flatMap(({ path, isFolder }) => (isFolder ? [] : [path])).sort();
}

async function foldersIn(folder: string): Promise<readonly string[]> {
  const inside = (await entriesIn(folder)).flatMap(({ path, isFolder }) =>
    isFolder ? [path] : [],
  );
  return [...inside, '.'];
}

async function entriesIn(folder: string) {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries.map((entry) => ({
    path: join(entry.parentPath, entry.name).slice(folder.length + 1),
    isFolder: entry.isDirectory(),
  }));
}

async function syncFile(path: string): Promise<void> {
  const file = await open(path, 'r+');
  await file.sync().finally(() => file.close());
}

/** Copies files and folders by their path in `root`, those that are there. */
async function copyPaths(root: string, paths: readonly string[], into: string): Promise<void> {
  for (const path of paths) {
    if (!(await isThere(join(root, path)))) continue;
    for (const file of await filesAt(join(root, path))) {
      const to = join(into, path, file);
      await mkdir(dirname(to), { recursive: true, mode: 0o700 });
      await copyFile(join(root, path, file), to, constants.COPYFILE_EXCL);
    }
  }
}

/** A file is itself, by the empty path. */
async function filesAt(path: string): Promise<readonly string[]> {
  const handle = await open(path, 'r');
  const isFolder = await handle
    .stat()
    .then((found) => found.isDirectory())
    .finally(() => handle.close());
  return isFolder ? filesIn(path) : [''];
}
