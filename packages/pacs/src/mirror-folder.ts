import { mkdir, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import {
  makeFolderDurably,
  randomId,
  renameDurably,
  syncFolder,
  writeFileDurably,
} from '@fedvox/base/system';
import { z } from 'zod';
import { isUid } from './dicom-json.js';
import type { SeriesKey } from './found-series.js';

const MANIFEST = 'series.json';
const manifestSchema = z.strictObject({ bytesByInstance: z.record(z.string(), z.number()) });

/**
 * Where fetched series lie: `cases/<study>/<series>/<instance>.dcm`, each series with a manifest and
 * whole or not there at all; what is still arriving is elsewhere. For one process at a time.
 */
export class MirrorFolder {
  /** For `imaging` to open as a DICOM folder. */
  readonly cases: string;
  readonly #incoming: string;

  private constructor(root: string) {
    this.cases = casesFolder(root);
    this.#incoming = join(root, 'incoming');
  }

  /** Makes the folder, for the site's own account only, and clears what a killed fetch left. */
  static async open(root: string): Promise<MirrorFolder> {
    const mirror = new MirrorFolder(root);
    await mkdir(root, { recursive: true, mode: 0o700 });
    await rm(mirror.#incoming, { recursive: true, force: true });
    await makeFolderDurably(mirror.#incoming);
    await makeFolderDurably(mirror.cases);
    return mirror;
  }

  /** A new name for what is about to arrive. */
  incoming(): string {
    return join(this.#incoming, randomId());
  }

  /** Whether the series is here with exactly these instances, none shorter than it was. */
  async holds(series: SeriesKey, sopInstanceUids: readonly string[]): Promise<boolean> {
    const folder = this.#folderOf(series);
    const manifest = await readManifest(join(folder, MANIFEST));
    if (manifest === undefined) return false;
    const { bytesByInstance } = manifest;
    const same =
      Object.keys(bytesByInstance).length === sopInstanceUids.length &&
      sopInstanceUids.every((uid) => uid in bytesByInstance);
    if (!same) return false;
    for (const [uid, byteLength] of Object.entries(bytesByInstance)) {
      if ((await sizeOf(join(folder, `${uid}.dcm`))) !== byteLength) return false;
    }
    return true;
  }

  /** Puts a series that arrived whole in its place, instead of what was there. */
  async install(
    series: SeriesKey,
    arrived: string,
    bytesByInstance: ReadonlyMap<string, number>,
  ): Promise<void> {
    const manifest = { bytesByInstance: Object.fromEntries(bytesByInstance) };
    await writeFileDurably(join(arrived, MANIFEST), JSON.stringify(manifest), { mode: 0o600 });
    const folder = this.#folderOf(series);
    await makeFolderDurably(join(this.cases, series.studyUid));
    await this.#discard(folder);
    await renameDurably(arrived, folder);
  }

  /** Removes every series but these: what left the archive or the query is not trained on. */
  async keepOnly(kept: readonly SeriesKey[]): Promise<number> {
    const wanted = new Set(kept.map(nameOf));
    let removed = 0;
    for (const studyUid of await uidsIn(this.cases)) {
      const study = join(this.cases, studyUid);
      for (const seriesUid of await uidsIn(study)) {
        if (wanted.has(nameOf({ studyUid, seriesUid }))) continue;
        await this.#discard(join(study, seriesUid));
        removed++;
      }
      if ((await readdir(study)).length === 0) await rm(study, { recursive: true });
    }
    await syncFolder(this.cases);
    return removed;
  }

  /** Gone in one step, though removing many files takes many. */
  async #discard(folder: string): Promise<void> {
    const aside = this.incoming();
    try {
      await rename(folder, aside);
    } catch (error) {
      if (isMissing(error)) return;
      throw error;
    }
    await rm(aside, { recursive: true });
  }

  #folderOf(series: SeriesKey): string {
    return join(this.cases, nameOf(series));
  }
}

/** Where `imaging` finds the cases of a mirror. */
export function casesFolder(root: string): string {
  return join(root, 'cases');
}

function nameOf({ studyUid, seriesUid }: SeriesKey): string {
  return join(studyUid, seriesUid);
}

async function uidsIn(folder: string): Promise<string[]> {
  return (await readdir(folder)).filter(isUid);
}

/** A damaged manifest counts as none: its series is fetched again. */
async function readManifest(path: string) {
  try {
    return manifestSchema.safeParse(JSON.parse(await readFile(path, 'utf8'))).data;
  } catch (error) {
    if (isMissing(error) || error instanceof SyntaxError) return undefined;
    throw error;
  }
}

async function sizeOf(path: string): Promise<number | undefined> {
  try {
    return (await stat(path)).size;
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

function isMissing(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === 'ENOENT';
}
