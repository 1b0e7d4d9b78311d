import { cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Sha256, seededRandom, sha256 } from '@fedvox/base';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { openDataset } from '../datasets/dataset.js';
import { findScans } from '../datasets/find-scans.js';
import { loadCase, readCase } from '../datasets/load-case.js';
import { writeNifti } from '../nifti/write.js';
import { mutated } from '../testing/fuzz/mutation.js';
import { CLASSES, phantomVolumes, writePhantomCase } from '../testing/phantom-case.js';
import { temporaryFolder } from '../testing/temporary-folder.js';
import { withoutVolumeEnding } from '../volume-files/volume-file.js';
import { inspectFolder } from './inspect-folder.js';

type Kind = 'dicom' | 'msd';

const NAMES = ['a', 'b', 'c'];
const RUNS = 20;

/** Three cases, their files under the same names, and the files of each. */
async function sound(kind: Kind, folder: string): Promise<string[][]> {
  if (kind === 'dicom') {
    for (const name of NAMES) await writePhantomCase(join(folder, name), name);
    const slices = Array.from({ length: 8 }, (_, at) => `mr/IM0000${at + 1}.dcm`);
    return NAMES.map((name) => [...slices, 'seg.dcm'].map((file) => join(name, file)));
  }
  const files = NAMES.map((name) => [`${name}/T1w.nii`, `${name}/seg.nii`]);
  for (const [at, [image, label]] of files.entries()) {
    const volumes = phantomVolumes(NAMES[at] as string);
    await mkdir(join(folder, NAMES[at] as string));
    await writeNifti(join(folder, image as string), volumes.image);
    await writeNifti(join(folder, label as string), volumes.label);
  }
  const training = files.map(([image, label]) => ({ image, label }));
  const manifest = { labels: { 1: 'organ', 2: 'lesion' }, training };
  await writeFile(join(folder, 'dataset.json'), JSON.stringify(manifest));
  return files;
}

/** Digests of the voxels of a case. */
interface Voxels {
  readonly image: Sha256;
  readonly label: Sha256;
}

/** What a training reads: the voxels of each case that it can use, by its id. */
async function usedBy(kind: Kind, path: string): Promise<Map<string, Voxels>> {
  const used = new Map<string, Voxels>();
  const nothing = { cases: [] };
  const { cases } = await openDataset({ kind, path }, CLASSES).catch((error: unknown) => {
    expect(error).toMatchObject({ code: expect.stringMatching(/^imaging\//) });
    return nothing;
  });
  for (const ref of cases) {
    try {
      const { image, label } = await loadCase(ref, CLASSES);
      expect(used.has(ref.caseId)).toBe(false);
      used.set(ref.caseId, { image: sha256(bytesOf(image.data)), label: sha256(label!.data) });
    } catch (error) {
      expect(error).toMatchObject({ code: expect.stringMatching(/^imaging\//) });
    }
  }
  return used;
}

function bytesOf({ buffer, byteOffset, byteLength }: Float32Array): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}

describe.each(['dicom', 'msd'] as const)('a %s folder, whatever bytes it holds', (kind) => {
  it('is the same to the inspection and to a training, and no case is read under another’s name', async () => {
    const original = await temporaryFolder();
    const files = await sound(kind, original);
    const before = await usedBy(kind, original);
    expect(before.size).toBe(NAMES.length);
    const idOf = new Map<string, number>();
    for (const at of NAMES.keys()) idOf.set(await idWithout(kind, original, files, at), at);
    await fc.assert(
      fc.asyncProperty(
        fc.nat(),
        fc.nat(NAMES.length - 1),
        fc.constantFrom('damage', 'copy over'),
        async (seed, victim, fault) => {
          const folder = await temporaryFolder();
          await cp(original, folder, { recursive: true });
          const random = seededRandom(String(seed));
          const pick = (of: number) => files[of]![random.below(files[of]!.length)] as string;
          const path = join(folder, pick(victim));
          const donor = await readFile(join(folder, pick((victim + 1) % NAMES.length)));
          await writeFile(
            path,
            fault === 'damage' ? mutated(await readFile(path), donor, random) : donor,
          );
          const used = await usedBy(kind, folder);
          const { scans } = await inspectFolder(folder, { kind, classes: CLASSES });
          const shown = scans.flatMap(({ usable, caseId }) => (usable ? [caseId] : []));
          expect(shown.sort()).toEqual([...used.keys()].sort());
          for (const [caseId, voxels] of used) {
            const isUntouched = idOf.has(caseId) && idOf.get(caseId) !== victim;
            if (isUntouched) expect(voxels).toEqual(before.get(caseId));
          }
          // A scan that lies at two places is one case, or none.
          const images = [...used.values()].map(({ image }) => image);
          expect(new Set(images).size).toBe(images.length);
          await checkPredictions(folder);
        },
      ),
      { numRuns: RUNS },
    );
  }, 120_000);
});

/** What the inspection shows where nobody asks for labels can be predicted; a listed scan also beside a bad label. */
async function checkPredictions(folder: string): Promise<void> {
  const { scans } = await findScans(folder).catch(() => ({ scans: [] }));
  const predictable: string[] = [];
  for (const { ref, what, place, format } of scans) {
    const read = await readCase(ref, []).catch((error: unknown) => {
      expect(error).toMatchObject({ code: expect.stringMatching(/^imaging\//) });
    });
    if (read !== undefined) predictable.push(format === 'dicom' ? what : place);
  }
  const shown = (await inspectFolder(folder)).scans;
  const usable = shown.filter((scan) => scan.usable).map(({ what }) => withoutVolumeEnding(what));
  expect(predictable).toEqual(expect.arrayContaining(usable));
  const isAllDicom = shown.every(({ format }) => format === 'dicom');
  if (isAllDicom) expect(predictable).toHaveLength(usable.length);
}

/** The id of a case: the one that is gone where its files are no more what they were. */
async function idWithout(
  kind: Kind,
  original: string,
  files: readonly string[][],
  at: number,
): Promise<string> {
  const folder = await temporaryFolder();
  await cp(original, folder, { recursive: true });
  for (const file of files[at] as string[]) await writeFile(join(folder, file), 'gone');
  const [all, left] = [await usedBy(kind, original), await usedBy(kind, folder)];
  return [...all.keys()].find((caseId) => !left.has(caseId)) as string;
}
