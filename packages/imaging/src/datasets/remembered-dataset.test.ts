import { appendFile, cp, readFile, rename, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { type Clock, sha256 } from '@fedvox/base';
import { systemClock } from '@fedvox/base/system';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { filesState } from '../file-index/files-state.js';
import type { HeaderProgress } from '../folder-scan/headers/read-headers.js';
import { filesUnder } from '../folder-scan/walk.js';
import { writeNifti } from '../nifti/write.js';
import { rectangle, writeSlices, writeStructureSet } from '../testing/dicom-objects.js';
import { CLASSES, phantomVolumes, writePhantomCase } from '../testing/phantom-case.js';
import { temporaryFolder } from '../testing/temporary-folder.js';
import type { Dataset } from './case-ref.js';
import { openDataset } from './dataset.js';
import { rememberedDataset } from './remembered-dataset.js';
import type { DatasetSpec } from './spec.js';

/** Everything was changed long ago. */
const LATER: Clock = { ...systemClock, nowMs: () => systemClock.nowMs() + 60_000 };
/** File systems tell times apart by so much. */
const TICK_MS = 12;

/** A folder of two patients, and a place for what is found out about it. */
async function twoCases(): Promise<{ spec: DatasetSpec; memory: string }> {
  const folder = await temporaryFolder();
  const path = join(folder, 'data');
  for (const name of ['a', 'b']) await writePhantomCase(join(path, name), name);
  return { spec: { kind: 'dicom', path }, memory: join(folder, 'datasets.index') };
}

/** Looks by looks, and how often the folder was scanned for them. */
function counting(memory: string) {
  const scans = { count: 0 };
  const problems: string[] = [];
  const look = async (spec: DatasetSpec, classes: readonly string[] = CLASSES, clock = LATER) => {
    const state = await filesState(await filesUnder(spec.path), clock.nowMs());
    const key = sha256(JSON.stringify([spec, classes]));
    return rememberedDataset(memory, key, state, {
      open: () => {
        scans.count++;
        return openDataset(spec, classes);
      },
      onProblem: ({ code }) => void problems.push(code),
    });
  };
  return { look, scans, problems };
}

describe('a data set that was opened before', () => {
  it('is scanned once for all of a job, and once more where a file comes, goes or changes', async () => {
    const { spec, memory } = await twoCases();
    const { look, scans } = counting(memory);
    const first = await look(spec);
    expect(first.cases).toHaveLength(2);
    for (let order = 0; order < 4; order++) expect(await look(spec)).toEqual(first);
    expect(scans.count).toBe(1);
    await writePhantomCase(join(spec.path, 'c'), 'c');
    expect((await look(spec)).cases).toHaveLength(3);
    await rm(join(spec.path, 'a'), { recursive: true });
    await rm(join(spec.path, 'b', 'mr', 'IM00003.dcm'));
    expect(await look(spec)).toMatchObject({ cases: [{}], refused: [{}] });
    expect(await look(spec)).toEqual(await openDataset(spec, CLASSES));
    expect(scans.count).toBe(3);
  });

  it('is of its spec and its classes: jobs that take turns do not drive each other out', async () => {
    const { spec, memory } = await twoCases();
    const { look, scans } = counting(memory);
    const renamed = { ...spec, labels: { lesion: 'organ', organ: 'lesion' } } as DatasetSpec;
    for (let turn = 0; turn < 3; turn++) {
      expect((await look(spec)).cases[0]).not.toEqual((await look(renamed)).cases[0]);
      expect(await look(spec, ['background', 'organ'])).toMatchObject({ cases: [{}, {}] });
    }
    expect(scans.count).toBe(3);
  });

  it('keeps as many as may take turns, those last that were found last', async () => {
    const { spec, memory } = await twoCases();
    const { look, scans } = counting(memory);
    const jobs = [0, 1, 2, 3, 4].map((at) => ['background', 'organ', 'lesion', `more ${at}`]);
    const lenient = { ...spec, missingLabels: 'empty' } as DatasetSpec;
    for (const classes of jobs) await look(lenient, classes);
    expect(scans.count).toBe(5);
    for (const classes of jobs.slice(1)) await look(lenient, classes);
    expect(scans.count).toBe(5);
    await look(lenient, jobs[0]);
    expect(scans.count).toBe(6);
  });

  it('is not believed of files that were changed just now, nor kept by another’s word', async () => {
    const { spec, memory } = await twoCases();
    const { look, scans, problems } = counting(memory);
    await look(spec, CLASSES, systemClock);
    await look(spec);
    expect(scans.count).toBe(2);
    await appendFile(memory, 'x');
    await look(spec);
    expect([scans.count, problems]).toEqual([3, ['imaging/index-anew']]);
    expect((await stat(memory)).mode & 0o777).toBe(0o600);
    expect(await readFile(memory, 'latin1')).not.toContain('SECRET');
  });

  it('is not kept where a file could not be opened, which may pass', async () => {
    const { spec, memory } = await twoCases();
    const { scans } = counting(memory);
    const refused = [{ what: 'a', code: 'imaging/folder-unreadable', reason: 'EIO', advice: '' }];
    for (let order = 0; order < 2; order++) {
      const open = async (): Promise<Dataset> => {
        scans.count++;
        return { cases: [], refused };
      };
      const state = await filesState(await filesUnder(spec.path), LATER.nowMs());
      await rememberedDataset(memory, sha256('key'), state, { open, onProblem: () => undefined });
    }
    expect(scans.count).toBe(2);
  });

  it('is told as known, file by file, and its headers are not even looked up', async () => {
    const { spec, memory } = await twoCases();
    const indexPath = join(memory, '..', 'headers.index');
    const told: HeaderProgress[] = [];
    const onProgress = (progress: HeaderProgress) => void told.push(progress);
    const open = () => openDataset(spec, CLASSES, { indexPath, onProgress, clock: LATER });
    const first = await open();
    await writeFile(indexPath, 'FVXINDX1 and then nonsense');
    told.length = 0;
    expect(await open()).toEqual(first);
    expect(told).toEqual([{ kind: 'headers', done: 18, total: 18 }]);
    await rename(join(spec.path, 'a'), join(spec.path, 'z'));
    await open();
    expect(told[1]).toMatchObject({ kind: 'index', code: 'imaging/index-anew' });
  });
});

describe.each(['dicom', 'msd'] as const)('a %s folder that is edited between looks', (kind) => {
  it('is what a fresh look finds, whatever was done to it', async () => {
    const edit = fc.record({
      does: fc.constantFrom('rewrite', 'cut', 'spoil', 'remove', 'swap', 'copy', 'manifest'),
      file: fc.nat(3),
      other: fc.nat(3),
    });
    const edits = fc.array(fc.array(edit, { minLength: 1, maxLength: 3 }), { maxLength: 3 });
    await fc.assert(
      fc.asyncProperty(edits, async (rounds) => {
        const folder = await temporaryFolder();
        const path = join(folder, 'data');
        const files = kind === 'dicom' ? await series(path) : await decathlon(path);
        const spec = { kind, path, missingLabels: 'empty' } as const;
        const indexPath = join(folder, 'headers.index');
        for (const round of [[], [], ...rounds]) {
          await setTimeout(TICK_MS);
          for (const { does, file, other } of round) {
            await change(does, join(path, files[file]!), join(path, files[other]!));
          }
          const options = { indexPath, clock: LATER };
          const remembered = openDataset(spec, CLASSES, options).catch((error) => error.message);
          const fresh = openDataset(spec, CLASSES).catch((error) => error.message);
          expect(await remembered).toStrictEqual(await fresh);
        }
      }),
      { numRuns: 15 },
    );
  });
});

async function series(path: string): Promise<string[]> {
  await writeSlices(path, undefined, 4);
  const contours = [2, 4].map((z) => ({ points: rectangle(2, 2, 8, 8), z }));
  await writeStructureSet(join(path, 'rs.dcm'), [{ name: 'organ', contours }]);
  return ['rs.dcm', ...[0, 1, 2].map((slice) => `2-25-100-s${slice}.dcm`)];
}

async function decathlon(path: string): Promise<string[]> {
  const { image, label } = phantomVolumes('edited');
  await cp(await temporaryFolder(), path, { recursive: true });
  const files = ['a.nii', 'a-label.nii', 'b.nii.gz', 'b-label.nii'];
  for (const [at, file] of files.entries()) {
    await writeNifti(join(path, file), at % 2 === 0 ? image : label);
  }
  const training = [0, 2].map((at) => ({ image: files[at], label: files[at + 1] }));
  const manifest = { labels: { 1: 'organ', 2: 'lesion' }, training };
  await writeFile(join(path, 'dataset.json'), JSON.stringify(manifest));
  return files;
}

async function change(does: string, file: string, other: string): Promise<void> {
  const missing = (error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error;
  };
  const manifest = join(file, '..', 'dataset.json');
  if (does === 'rewrite')
    await readFile(file)
      .then((bytes) => writeFile(file, bytes))
      .catch(missing);
  else if (does === 'cut') await truncate(file, 300).catch(missing);
  else if (does === 'spoil') await writeFile(file, 'nothing');
  else if (does === 'remove') await rm(file, { force: true });
  else if (does === 'swap') await rename(file, other).catch(missing);
  else if (does === 'copy') await cp(file, `${file}.copy.dcm`, { force: true }).catch(missing);
  else await writeFile(manifest, JSON.stringify({ labels: {}, training: [] }));
}
