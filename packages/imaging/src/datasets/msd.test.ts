import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { writeNifti } from '../nifti/write.js';
import { CLASSES, phantomVolumes } from '../testing/phantom-case.js';
import { temporaryFolder } from '../testing/temporary-folder.js';
import { openDataset } from './dataset.js';
import { loadCase } from './load-case.js';

const LABELS = { 0: 'background', 1: 'Lesion', 2: 'organ' };

async function decathlon(manifest: object = {}): Promise<string> {
  const folder = await temporaryFolder();
  const { image, label } = phantomVolumes('msd');
  await writeNifti(join(folder, 'a.nii.gz'), image);
  await writeNifti(join(folder, 'a-label.nii.gz'), label);
  const training = [{ image: 'a.nii.gz', label: 'a-label.nii.gz' }];
  const whole = { labels: LABELS, training, modality: { 0: 'MRI' }, ...manifest };
  await writeFile(join(folder, 'dataset.json'), JSON.stringify(whole));
  return folder;
}

function open(path: string, site?: string) {
  return openDataset({ kind: 'msd', path, ...(site === undefined ? {} : { site }) }, CLASSES);
}

describe('a Decathlon folder', () => {
  it('maps label values to the job’s classes by name, in any case and order', async () => {
    const { cases } = await open(await decathlon());
    expect(cases[0]).toMatchObject({ caseId: 'a', modality: 'MR', hasLabel: true });
    const { image, label } = await loadCase(cases[0]!, CLASSES);
    const written = phantomVolumes('msd');
    expect(image.data).toEqual(written.image.data);
    expect([...label!.data]).toEqual([...written.label.data].map((value) => [0, 2, 1][value]));
  });

  it('gives each site its own cases, and names the sites when asked for another', async () => {
    const folder = await decathlon({ sites: { a: 'north', b: 'south' } });
    expect((await open(folder, 'north')).cases).toHaveLength(1);
    await expect(open(folder, 'west')).rejects.toMatchObject({
      code: 'imaging/no-such-site',
      message: expect.stringContaining('north, south'),
    });
  });

  it('refuses a label on another grid', async () => {
    const folder = await decathlon();
    const { label } = phantomVolumes('msd');
    const affineRas = label.affineRas.map((value, index) => (index === 7 ? value + 3 : value));
    await writeNifti(join(folder, 'a-label.nii.gz'), { ...label, affineRas });
    expect((await open(folder)).refused).toMatchObject([{ code: 'imaging/label-grid-mismatch' }]);
  });

  it('refuses label values that the manifest does not declare', async () => {
    const folder = await decathlon();
    const { label } = phantomVolumes('msd');
    await writeNifti(join(folder, 'a-label.nii.gz'), { ...label, data: label.data.map(() => 9) });
    const { cases } = await open(folder);
    await expect(loadCase(cases[0]!, CLASSES)).rejects.toMatchObject({
      code: 'imaging/label-values',
      message: expect.stringContaining('9'),
    });
  });

  it('refuses an image with voxels that are not numbers', async () => {
    const folder = await decathlon();
    const { image } = phantomVolumes('msd');
    image.data[5] = Number.NaN;
    await writeNifti(join(folder, 'a.nii.gz'), image);
    const { cases } = await open(folder);
    await expect(loadCase(cases[0]!, CLASSES)).rejects.toMatchObject({
      code: 'imaging/unusable-values',
    });
  });

  it.each([
    ['no labels', { labels: undefined }],
    ['labels that are no values', { labels: { background: '0' } }],
    ['a file outside its folder', { training: [{ image: '../../etc/passwd' }] }],
  ])('refuses a manifest with %s', async (_, manifest) => {
    const opened = open(await decathlon(manifest));
    const outcome = await opened.then(
      ({ refused }) => refused[0],
      (error) => error,
    );
    expect(outcome).toMatchObject({ code: 'imaging/not-msd' });
  });
});
