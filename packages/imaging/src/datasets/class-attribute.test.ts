import { copyFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { writeDicomSeries } from '../dicom-writer/series.js';
import { inspectFolder } from '../inspect/inspect-folder.js';
import { writeNifti } from '../nifti/write.js';
import { PATIENT, phantomVolumes } from '../testing/phantom-case.js';
import { temporaryFolder } from '../testing/temporary-folder.js';
import { openDataset } from './dataset.js';
import { type DatasetSpec, datasetSpecSchema } from './spec.js';

const CLASSES = ['normal', 'tumour'];
const VALUES = { 'glioma, follow-up': 'tumour', healthy: 'normal', cyst: 'other' };

/** A series of a patient of its own, of which the header says what it is. */
async function writeSeries(folder: string, name: string, seriesDescription?: string) {
  await writeDicomSeries(join(folder, name), phantomVolumes(name).image, {
    ...{ ...PATIENT, identity: name, modality: 'MR', createdAt: new Date(0) },
    ...(seriesDescription !== undefined && { seriesDescription }),
  });
}

async function opened(path: string, attribute = 'SeriesDescription', more: object = {}) {
  const spec = { kind: 'dicom', path, caseClasses: { attribute, values: VALUES } } as DatasetSpec;
  const { cases, refused } = await openDataset(spec, CLASSES, { labels: 'of-cases', ...more });
  return { classes: cases.map(({ caseClass }) => caseClass).sort(), refused };
}

describe('the class that a header says', () => {
  it.each(['SeriesDescription', '(0008,103E)', '0008,103e'])(
    'is what the site maps it to, by its keyword or its tag: %s',
    async (attribute) => {
      const folder = await temporaryFolder();
      await writeSeries(folder, 'a', 'healthy');
      await writeSeries(folder, 'b', 'glioma, follow-up');
      await writeSeries(folder, 'c', ' glioma, follow-up');
      expect(await opened(folder, attribute)).toEqual({ classes: [0, 1, 1], refused: [] });
    },
  );

  it.each([
    [
      'says nothing',
      undefined,
      'case-attribute-missing',
      /nothing says the class of .*: it has no S/,
    ],
    [
      'says what is not mapped',
      'SECRET',
      'case-value-unmapped',
      /is not among `caseClasses.values`/,
    ],
    ['says it in other letters', 'Healthy', 'case-value-unmapped', /SeriesDescription of /],
    ['says the name of what all objects have', 'constructor', 'case-value-unmapped', /./],
    ['says a class of another job', 'cyst', 'case-value-unknown', /of this job’s: normal, tumour$/],
  ])('refuses a case whose header %s, and no other', async (_, said, code, reason) => {
    const folder = await temporaryFolder();
    await writeSeries(folder, 'known', 'healthy');
    await writeSeries(folder, 'unknown', said);
    const { classes, refused } = await opened(folder);
    expect(classes).toEqual([0]);
    expect(refused).toMatchObject([{ code: `imaging/${code}` }]);
    expect(refused[0]?.reason).toMatch(reason);
    expect(refused[0]?.reason.replace(refused[0].what, '')).not.toContain('SECRET');
  });

  it('refuses a series whose images differ in it', async () => {
    const folder = await temporaryFolder();
    await writeSeries(folder, 'first', 'healthy');
    const other = await temporaryFolder();
    await writeDicomSeries(join(other, 'same'), phantomVolumes('first').image, {
      ...{ ...PATIENT, identity: 'first', modality: 'MR', createdAt: new Date(0) },
      ...{ seriesDescription: 'cyst', fileName: (slice: number) => `${slice}.dcm` },
    });
    const [from, to] = [join(other, 'same', '3.dcm'), join(folder, 'first', 'IM00004.dcm')];
    await rm(to);
    await copyFile(from, to);
    expect(await opened(folder)).toMatchObject({
      classes: [],
      refused: [{ code: 'imaging/case-attribute-conflict' }],
    });
  });

  it('is another once the header is another, though a look is remembered', async () => {
    const folder = await temporaryFolder();
    const indexPath = join(await temporaryFolder(), 'headers.index');
    await writeSeries(folder, 'a', 'healthy');
    expect((await opened(folder, undefined, { indexPath })).classes).toEqual([0]);
    await writeSeries(folder, 'a', 'glioma, follow-up');
    expect((await opened(folder, undefined, { indexPath })).classes).toEqual([1]);
  });

  it('is shown by an inspection', async () => {
    const path = await temporaryFolder();
    await writeSeries(path, 'a', 'healthy');
    await writeSeries(path, 'b', 'who knows');
    const caseClasses = { attribute: 'SeriesDescription', values: VALUES };
    const { scans } = await inspectFolder(path, { kind: 'dicom', ofCases: CLASSES, caseClasses });
    const found = scans.map(({ caseClass, refusal }) => caseClass ?? refusal?.code).sort();
    expect(found).toEqual(['imaging/case-value-unmapped', 'normal']);
  });

  it('is said of no file that has no DICOM header', async () => {
    const path = await temporaryFolder();
    await writeNifti(join(path, 'a.nii.gz'), phantomVolumes('a').image);
    const manifest = {
      modality: { 0: 'MRI' },
      labels: { 0: 'x' },
      training: [{ image: 'a.nii.gz' }],
    };
    await writeFile(join(path, 'dataset.json'), JSON.stringify(manifest));
    const caseClasses = { attribute: 'StudyDescription', values: VALUES };
    const dataset = openDataset({ kind: 'msd', path, caseClasses }, CLASSES, {
      labels: 'of-cases',
    });
    expect((await dataset).refused).toMatchObject([{ code: 'imaging/case-attribute-missing' }]);
  });
});

describe('a site’s configuration of it', () => {
  const parsed = (caseClasses: object) =>
    datasetSpecSchema.safeParse({ kind: 'dicom', path: '/scans', caseClasses }).success;

  it('is a keyword that is known or a tag, and a mapping that is not empty', () => {
    expect(parsed({ attribute: 'BodyPartExamined', values: { HEAD: 'tumour' } })).toBe(true);
    expect(parsed({ attribute: '(0019,10ff)', values: { 1: 'tumour' } })).toBe(true);
    for (const wrong of [
      { attribute: 'BodyPart', values: { HEAD: 'tumour' } },
      { attribute: 'toString', values: { HEAD: 'tumour' } },
      { attribute: '(0018,15)', values: { HEAD: 'tumour' } },
      { attribute: 'BodyPartExamined', values: {} },
      { attribute: 'BodyPartExamined' },
      { attribute: 'BodyPartExamined', values: { HEAD: 'tumour' }, file: 'classes.csv' },
    ]) {
      expect(parsed(wrong)).toBe(false);
    }
  });
});
