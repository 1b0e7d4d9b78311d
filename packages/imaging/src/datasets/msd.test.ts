import { copyFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { shearDegrees } from '../geometry/shear.js';
import { inspectFolder } from '../inspect/inspect-folder.js';
import { encodeNifti, writeNifti } from '../nifti/write.js';
import { CLASSES, phantomVolumes } from '../testing/phantom-case.js';
import { temporaryFolder } from '../testing/temporary-folder.js';
import { sampleLinear, sampleNearest } from '../transforms/grid-sampling.js';
import { contentKey } from './content-key.js';
import { openDataset } from './dataset.js';
import { loadCase } from './load-case.js';
import { readVolume } from './read-volume.js';

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

  it('forms one class of all values of one name, or of a pattern', async () => {
    const written = [...phantomVolumes('msd').label.data].map((value) => (value === 0 ? 0 : 2));
    const twice = await decathlon({ labels: { 1: 'Lesion', 2: 'Lesion' } });
    const spec = { kind: 'msd', missingLabels: 'empty' } as const;
    const { cases } = await openDataset({ ...spec, path: twice }, CLASSES);
    expect([...(await loadCase(cases[0]!, CLASSES)).label!.data]).toEqual(written);
    const parts = await decathlon({ labels: { 1: 'Core', 2: 'Core rim' } });
    const joined = await openDataset(
      { ...spec, path: parts, labels: { 'Core*': 'lesion' } },
      CLASSES,
    );
    expect([...(await loadCase(joined.cases[0]!, CLASSES)).label!.data]).toEqual(written);
  });

  it.each([
    ['MRI', 'MR'],
    ['T1w', 'MR'],
    ['CT', 'CT'],
    ['PET', 'PT'],
    ['PT', 'PT'],
  ])('says what %s is in DICOM’s codes', async (name, modality) => {
    const { cases } = await open(await decathlon({ modality: { 0: name } }));
    expect(cases).toMatchObject([{ modality }]);
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

  it('takes the value 0 for no label, whatever it is called: its class is missing', async () => {
    const path = await decathlon({ labels: { 0: 'organ', 1: 'background', 2: 'lesion' } });
    expect(await open(path)).toMatchObject({
      cases: [],
      refused: [{ code: 'imaging/label-classes' }],
    });
    const spec = { kind: 'msd', path, missingLabels: 'empty' } as const;
    const { label } = await loadCase((await openDataset(spec, CLASSES)).cases[0]!, CLASSES);
    expect([...label!.data]).toEqual(
      [...phantomVolumes('msd').label.data].map((value) => [0, 0, 2][value]),
    );
  });

  it.each([
    ['by one spelling', '"1": "organ", "2": "lesion", "1": "liver"'],
    ['by two', '"1": "organ", "02": "lesion", "2": "liver {left} \\"1\\": no"'],
  ])('refuses a manifest that declares a value twice: %s', async (_, labels) => {
    const path = await decathlon();
    const manifest = join(path, 'dataset.json');
    const text = await readFile(manifest, 'utf8');
    await writeFile(
      manifest,
      text.replace(/"labels":\{[^}]*\}/, () => `"labels" : {${labels}}`),
    );
    await expect(open(path)).rejects.toMatchObject({
      code: 'imaging/not-msd',
      message: expect.stringContaining('declared twice'),
    });
  });

  it('joins values of one name, or of a pattern, to one class', async () => {
    const path = await decathlon({ labels: { 1: 'tumour core', 2: 'tumour edge' } });
    const spec = { kind: 'msd', path, labels: { 'tumour *': 'lesion' } } as const;
    const classes = ['background', 'lesion'];
    const { label } = await loadCase((await openDataset(spec, classes)).cases[0]!, classes);
    expect([...label!.data]).toEqual(
      [...phantomVolumes('msd').label.data].map((value) => [0, 1, 1][value]),
    );
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

describe('the cases of a Decathlon folder', () => {
  const SUBJECTS = ['sub-00', 'sub-01', 'sub-02'];

  /** Each subject's image under one name, as BIDS has them, of voxels of its own. */
  async function bids(manifest: (training: object[]) => object = () => ({})): Promise<string> {
    const training = SUBJECTS.map((subject) => ({
      image: `./${subject}/anat/T1w.nii.gz`,
      label: `./${subject}/anat/T1w_seg.nii.gz`,
    }));
    const folder = await decathlon({ training, ...manifest(training) });
    for (const subject of SUBJECTS) {
      const { image, label } = phantomVolumes(subject);
      await mkdir(join(folder, subject, 'anat'), { recursive: true });
      await writeNifti(join(folder, subject, 'anat', 'T1w.nii.gz'), image);
      await writeNifti(join(folder, subject, 'anat', 'T1w_seg.nii.gz'), label);
    }
    return folder;
  }

  it('go by their place: one name in many folders is many cases, of a patient each', async () => {
    const { cases, refused } = await open(await bids());
    expect(refused).toEqual([]);
    expect(cases.map(({ caseId }) => caseId)).toEqual(SUBJECTS.map((each) => `${each}/anat/T1w`));
    expect(new Set(cases.map(({ patientKey }) => patientKey)).size).toBe(3);
    for (const [at, subject] of SUBJECTS.entries()) {
      const { image } = await loadCase(cases[at]!, CLASSES);
      expect(image.data).toEqual(phantomVolumes(subject).image.data);
    }
  });

  it('keep the Decathlon’s names, by which they were split before', async () => {
    const folder = await bids(() => ({ training: [{ image: './imagesTr/a_001.nii.gz' }] }));
    await mkdir(join(folder, 'imagesTr'));
    await writeNifti(join(folder, 'imagesTr', 'a_001.nii.gz'), phantomVolumes('a').image);
    const spec = { kind: 'msd', path: folder } as const;
    const { cases } = await openDataset(spec, CLASSES, { labels: 'optional' });
    expect(cases).toMatchObject([{ caseId: 'a_001' }]);
    expect(cases[0]!.patientKey).toBeUndefined();
  });

  it('of one subject have one patient’s key, whether path or manifest says so', async () => {
    const key = async (image: string, subject?: string) => {
      const entry = { image: `./${image}`, ...(subject === undefined ? {} : { subject }) };
      const folder = await decathlon({ training: [entry] });
      await mkdir(join(folder, image, '..'), { recursive: true });
      await writeNifti(join(folder, image), phantomVolumes('a').image);
      const spec = { kind: 'msd', path: folder } as const;
      const { cases } = await openDataset(spec, CLASSES, { labels: 'optional' });
      return cases[0]!.patientKey;
    };
    const first = await key('sub-07/ses-1/sub-07_T1w.nii.gz');
    expect(first).toMatch(/^[0-9a-f]{64}$/);
    expect(await key('images/sub-07_ses-2_T1w.nii.gz')).toBe(first);
    expect(await key('images/scan.nii.gz', 'sub-07')).toBe(first);
    expect(await key('images/sub-08_T1w.nii.gz')).not.toBe(first);
  });

  it('are given to sites by their place; a name that several have gives none', async () => {
    const open = async (sites: object, site = 'north') => {
      const path = await bids(() => ({ sites }));
      const { cases } = await openDataset({ kind: 'msd', path, site }, CLASSES);
      return cases.map(({ caseId }) => caseId.slice(0, 6));
    };
    const places = {
      'sub-00/anat/T1w': 'north',
      './sub-01/anat/T1w.nii.gz': 'south',
      'sub-02/anat/T1w.nii.gz': 'north',
    };
    expect(await open(places)).toEqual(['sub-00', 'sub-02']);
    expect(await open(places, 'south')).toEqual(['sub-01']);
    await expect(open({ T1w: 'north' })).rejects.toMatchObject({
      code: 'imaging/not-msd',
      message: expect.stringContaining('sites: T1w names 3 images'),
    });
  });

  it('count once where they are listed twice or copied, and the copy is said', async () => {
    const path = await bids((training) => ({
      training: [...training, training[0], { image: 'copy/x.nii.gz', label: 'copy/x_seg.nii.gz' }],
    }));
    await mkdir(join(path, 'copy'));
    await copyFile(join(path, 'sub-01/anat/T1w.nii.gz'), join(path, 'copy/x.nii.gz'));
    await copyFile(join(path, 'sub-01/anat/T1w_seg.nii.gz'), join(path, 'copy/x_seg.nii.gz'));
    const { cases, refused } = await open(path);
    expect(cases.map(({ caseId }) => caseId)).toEqual(SUBJECTS.map((each) => `${each}/anat/T1w`));
    expect(refused).toMatchObject([
      { what: './sub-00/anat/T1w.nii.gz', code: 'imaging/duplicate-case' },
      { what: 'copy/x.nii.gz', code: 'imaging/duplicate-case' },
    ]);
  });

  it('are refused where one scan has two labels, or two images one name', async () => {
    const path = await bids((training) => ({
      training: [
        ...training,
        { image: 'sub-00/anat/T1w.nii.gz', label: 'sub-01/anat/T1w_seg.nii.gz' },
        { image: 'sub-02/anat/T1w.nii', label: 'sub-02/anat/T1w_seg.nii.gz' },
      ],
    }));
    const other = { ...phantomVolumes('a').label, data: new Uint8Array(240).fill(1) };
    await writeNifti(join(path, 'sub-01/anat/T1w_seg.nii.gz'), other);
    await writeNifti(join(path, 'sub-02/anat/T1w.nii'), phantomVolumes('b').image);
    const { cases, refused } = await open(path);
    expect(cases.map(({ caseId }) => caseId)).toEqual(['sub-01/anat/T1w']);
    expect(refused.map(({ code }) => code)).toEqual([
      ...Array(2).fill('imaging/case-name-shared'),
      ...Array(2).fill('imaging/conflicting-cases'),
    ]);
  });

  it('are told apart in the inspection, each with the prediction of its own place', async () => {
    const path = await bids();
    const predictedFolder = await temporaryFolder();
    const { label } = phantomVolumes('sub-01');
    await mkdir(join(predictedFolder, 'sub-01', 'anat'), { recursive: true });
    await writeNifti(join(predictedFolder, 'sub-01', 'anat', 'T1w.nii.gz'), label);
    await writeNifti(join(predictedFolder, 'T1w.nii.gz'), label); // of whom?
    const { scans } = await inspectFolder(path, { predictedFolder });
    expect(scans.slice(0, 3).map(({ what, prediction }) => [what, prediction?.path])).toEqual([
      ['sub-00/anat/T1w', undefined],
      ['sub-01/anat/T1w', join(predictedFolder, 'sub-01', 'anat', 'T1w.nii.gz')],
      ['sub-02/anat/T1w', undefined],
    ]);
  });
});

describe('a volume whose header is not to be taken at its word', () => {
  const shear = [-2, 0, 0.6, 0, 0, -2, 0, 0, 0, 0, 3, 0, 0, 0, 0, 1];

  async function sheared(): Promise<string> {
    const folder = await decathlon();
    const { image, label } = phantomVolumes('msd');
    await writeNifti(join(folder, 'a.nii.gz'), { ...image, affineRas: shear });
    await writeNifti(join(folder, 'a-label.nii.gz'), { ...label, affineRas: shear });
    return folder;
  }

  it('is refused with axes that are not at right angles, or resampled where the site says so', async () => {
    const path = await sheared();
    expect(await open(path)).toMatchObject({
      cases: [],
      refused: [
        { code: 'imaging/sheared', reason: expect.stringContaining('off by 11.3 degrees') },
      ],
    });
    const spec = { kind: 'msd', path, gantryTilt: 'resample' } as const;
    const [ref] = (await openDataset(spec, CLASSES)).cases;
    const { image, label } = await loadCase(ref!, CLASSES);
    expect(shearDegrees(image)).toBe(0);
    expect(label!.shape).toEqual(image.shape);
    const stored = { ...phantomVolumes('msd').image, affineRas: shear };
    // Both are sampled by the true geometry: the middle voxel of the one lies in the middle of the other.
    const expected = sampleNearest(
      { ...phantomVolumes('msd').label, affineRas: shear },
      image,
      'zero',
    );
    expect([...label!.data]).toEqual([...expected.data].map((value) => [0, 2, 1][value]));
    const values = sampleLinear(stored, image, 'edge').data;
    image.data.forEach((value, at) => {
      expect(value).toBeCloseTo(values[at]!, 2); // the header keeps its shear as float32
    });
  });

  it('is refused as NRRD too, loose or asked for alone', async () => {
    const path = join(await temporaryFolder(), 'a.nrrd');
    const { image } = phantomVolumes('msd');
    const header =
      `NRRD0005\ntype: float\ndimension: 3\nspace: RAS\nsizes: ${image.shape.join(' ')}\nendian: little\n` +
      'space directions: (2,0,0) (0,2,0) (0,0.5,3)\nencoding: raw\nspace origin: (0,0,0)\n\n';
    await writeFile(path, Buffer.concat([Buffer.from(header), Buffer.from(image.data.buffer)]));
    await expect(readVolume(path)).rejects.toMatchObject({ code: 'imaging/sheared' });
    const { scans, refused } = await inspectFolder(path);
    expect([scans, refused]).toMatchObject([[], [{ code: 'imaging/sheared' }]]);
  });

  it('is read by its sform with a word where its qform says otherwise, or refused where the site says so', async () => {
    const path = await decathlon();
    const bytes = Buffer.from(encodeNifti(phantomVolumes('msd').image));
    bytes.writeFloatLE(10, 88); // pixdim[3]
    await writeFile(join(path, 'a.nii.gz'), bytes);
    const read = await open(path);
    expect(read).toMatchObject({
      cases: [{ caseId: 'a' }],
      refused: [{ code: 'imaging/conflicting-geometry' }],
    });
    const report = await inspectFolder(path);
    expect(report).toMatchObject({
      scans: [{ usable: true, warnings: [{ code: 'imaging/conflicting-geometry' }] }],
      refused: [],
    });
    const spec = { kind: 'msd', path, conflictingGeometry: 'refuse' } as const;
    const refused = await openDataset(spec, CLASSES);
    expect(refused).toMatchObject({
      cases: [],
      refused: [
        { reason: expect.stringContaining('1.5 × 1.25 × 2, its pixdim of 1.5 × 1.25 × 10') },
      ],
    });
  });

  it('is refused by the site’s word where no manifest lists it, too', async () => {
    const path = await temporaryFolder();
    const bytes = Buffer.from(encodeNifti(phantomVolumes('msd').image));
    bytes.writeFloatLE(10, 88); // pixdim[3]
    await writeFile(join(path, 'loose.nii'), bytes);
    expect(await inspectFolder(path)).toMatchObject({
      scans: [{ usable: true, warnings: [{ code: 'imaging/conflicting-geometry' }] }],
      refused: [],
    });
    expect(await inspectFolder(path, { conflictingGeometry: 'refuse' })).toMatchObject({
      scans: [],
      refused: [{ code: 'imaging/conflicting-geometry' }],
    });
  });

  it('has its voxels among what its content is known by, though they are in a file of their own', async () => {
    const path = await decathlon({ training: [{ image: 'a.nhdr', label: 'a-label.nii.gz' }] });
    const { image } = phantomVolumes('msd');
    const header =
      `NRRD0005\ntype: float\ndimension: 3\nspace: RAS\nsizes: ${image.shape.join(' ')}\nendian: little\n` +
      'space directions: (-1.5,0,0) (0,-1.25,0) (0,0,2)\nencoding: raw\nspace origin: (40,30,-60)\ndata file: a.raw\n';
    await writeFile(join(path, 'a.nhdr'), header);
    await writeFile(join(path, 'a.raw'), Buffer.from(image.data.buffer));
    const [ref] = (await open(path)).cases;
    expect((await loadCase(ref!, CLASSES)).image.data).toEqual(image.data);
    const before = await contentKey(ref!);
    await writeFile(join(path, 'a.raw'), Buffer.alloc(image.data.byteLength));
    expect(await contentKey(ref!)).not.toBe(before);
  });
});
