import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { VirtualClock } from '@fedvox/base';
import { describe, expect, it } from 'vitest';
import { inspectFolder } from '../inspect/inspect-folder.js';
import { writeNifti } from '../nifti/write.js';
import { PATIENT, phantomVolumes, writePhantomCase } from '../testing/phantom-case.js';
import { temporaryFolder } from '../testing/temporary-folder.js';
import { openDataset } from './dataset.js';
import type { DatasetSpec } from './spec.js';

const CLASSES = ['normal', 'tumour'];
const NAMES = ['a', 'b', 'c'] as const;

/** Three images of two subjects, without a label, and one with. */
async function images(): Promise<string> {
  const folder = await temporaryFolder();
  for (const name of NAMES) {
    const { image, label } = phantomVolumes(name);
    await writeNifti(join(folder, `${name}.nii.gz`), image);
    if (name === 'a') await writeNifti(join(folder, 'a-label.nii.gz'), label);
  }
  const training = NAMES.map((name) => ({
    ...{ image: `./${name}.nii.gz`, subject: name === 'c' ? 'two' : 'one' },
    ...(name === 'a' && { label: 'a-label.nii.gz' }),
  }));
  const manifest = { modality: { 0: 'MRI' }, labels: { 0: 'background', 1: 'lesion' }, training };
  await writeFile(join(folder, 'dataset.json'), JSON.stringify(manifest));
  return folder;
}

async function opened(
  path: string,
  csv: string,
  spec: Partial<DatasetSpec> = {},
  more: { indexPath?: string; clock?: VirtualClock } = {},
) {
  const file = join(path, 'classes.csv');
  await writeFile(file, csv);
  const whole = { kind: 'msd', path, caseClasses: { file }, ...spec } as DatasetSpec;
  const { cases, refused } = await openDataset(whole, CLASSES, { labels: 'of-cases', ...more });
  return {
    classes: Object.fromEntries(cases.map(({ caseId, caseClass }) => [caseId, caseClass])),
    hasLabels: cases.some(({ hasLabel }) => hasLabel),
    refused: refused.map(({ what, code, reason }) => ({
      ...{ what: what.replace(path, '.'), code: code.replace('imaging/', '') },
      reason: reason.replaceAll(path, '.'),
    })),
  };
}

describe('the class of each case', () => {
  it('is what the site’s list says of it, whatever label lies beside it', async () => {
    const csv = 'case,class,remark\na,normal,\nb.nii.gz,tumour,"seen, again"\nc,Tumour,\n';
    expect(await opened(await images(), csv)).toEqual({
      ...{ classes: { a: 0, b: 1, c: 1 }, hasLabels: false, refused: [] },
    });
  });

  it('may be said of a patient, and by the site’s own names', async () => {
    const labels = { 'C71*': 'tumour', none: 'normal' };
    const csv = 'Patient;Class\r\none;C71.2\r\ntwo;none\r\n';
    const { classes } = await opened(await images(), csv, { labels });
    expect(classes).toEqual({ a: 1, b: 1, c: 0 });
  });

  it('is missing, unknown or said twice by name and line, and such a case is not used', async () => {
    const csv = 'case,class\na,normal\na,tumour\n\nb,cyst\nghost,normal\n';
    const { classes, refused } = await opened(await images(), csv);
    expect(classes).toEqual({});
    expect(refused).toEqual([
      {
        ...{ what: 'a', code: 'case-class-conflict' },
        reason: './classes.csv says more than one class of a: lines 2, 3',
      },
      {
        ...{ what: 'b', code: 'case-class-unknown' },
        reason: './classes.csv, line 5: the class is none of this job’s: normal, tumour',
      },
      {
        ...{ what: 'c', code: 'case-class-missing' },
        reason: 'no line of ./classes.csv says the class of c',
      },
      {
        ...{ what: './classes.csv', code: 'case-class-stray' },
        reason: './classes.csv has lines of no case that is here: 6',
      },
    ]);
  });

  it('may be said twice alike', async () => {
    const { classes } = await opened(await images(), 'case,class\na,normal\n./a.nii.gz,normal\n');
    expect(classes).toEqual({ a: 0 });
  });

  it.each([
    ['', 'line 1: it has no head with a column class and one of case and patient'],
    ['a,normal\n', 'line 1: it has no head with a column class and one of case and patient'],
    ['case,patient,class\n', 'line 1: it has a column case and one patient'],
    ['case,class\na,normal\n,tumour\n', 'line 3: it names no case'],
    ['case,class\n\na\n', 'line 3: it says no class'],
    ['case,class\n"a,normal\n', 'line 1: a quote is opened and never closed'],
  ])('is not to be had from a list such as %j', async (csv, reason) => {
    await expect(opened(await images(), csv)).rejects.toMatchObject({
      code: 'imaging/class-list-format',
      message: expect.stringContaining(reason),
    });
  });

  it('is not to be had without a list, or from one that cannot be read', async () => {
    const path = await images();
    const open = (caseClasses?: { file: string }) =>
      openDataset({ kind: 'msd', path, ...(caseClasses && { caseClasses }) }, CLASSES, {
        labels: 'of-cases',
      });
    await expect(open()).rejects.toMatchObject({ code: 'imaging/no-class-list' });
    await expect(open({ file: join(path, 'none.csv') })).rejects.toMatchObject({
      code: 'imaging/class-list-unreadable',
    });
  });

  it('is another once the list is another, though the scans are as they were', async () => {
    const path = await images();
    const indexPath = join(path, 'headers.index');
    const clock = new VirtualClock({ startMs: Date.now() + 60_000 });
    const first = await opened(path, 'case,class\na,normal\n', {}, { indexPath, clock });
    expect(first.classes).toEqual({ a: 0 });
    await rm(join(path, 'classes.csv'));
    const second = opened(path, 'case,class\na,tumour\n', {}, { indexPath, clock });
    expect((await second).classes).toEqual({ a: 1 });
  });
});

describe('the class of a DICOM series', () => {
  const SERIES_UID = '2.25.100';

  it('is said by its patient, its UID or the name that an inspection gives it', async () => {
    const path = await temporaryFolder();
    await writePhantomCase(path, 'case-1');
    const [ref] = (await openDataset({ kind: 'dicom', path }, [], { labels: 'optional' })).cases;
    const caseId = ref?.caseId as string;
    const uid = ref?.source.kind === 'dicom' ? ref.source.stack.frames[0]?.seriesUid : SERIES_UID;
    for (const head of [
      `case,class\n${caseId}`,
      `case,class\n${uid}`,
      `patient,class\n${PATIENT.patientId}`,
    ]) {
      const { classes, refused, hasLabels } = await opened(path, `${head},tumour\n`, {
        kind: 'dicom',
      });
      expect({ classes, refused, hasLabels }).toEqual({
        ...{ classes: { [caseId]: 1 }, refused: [], hasLabels: false },
      });
    }
  });

  it('is refused without a word of who the patient is', async () => {
    const path = await temporaryFolder();
    await writePhantomCase(path, 'case-1');
    const csv = `patient,class\n${PATIENT.patientId},normal\n${PATIENT.patientId},tumour\nX,normal\n`;
    const { refused } = await opened(path, csv, { kind: 'dicom' });
    expect(refused.map(({ code }) => code)).toEqual(['case-class-conflict', 'case-class-stray']);
    expect(JSON.stringify(refused)).not.toContain(PATIENT.patientId);
  });
});

describe('an inspection for a job that classifies cases', () => {
  it('shows the class of each scan, and why one cannot be used', async () => {
    const path = await images();
    const file = join(path, 'classes.csv');
    await writeFile(file, 'case,class\na,normal\nb,cyst\nghost,tumour\n');
    const rules = { kind: 'msd', ofCases: CLASSES, caseClasses: { file } } as const;
    const { scans, refused } = await inspectFolder(path, rules);
    const found = scans.map(({ caseId, caseClass, trainable, refusal }) => ({
      ...{ caseId, caseClass, trainable, code: refusal?.code },
    }));
    expect(found).toEqual([
      { caseId: 'a', caseClass: 'normal', trainable: true, code: undefined },
      { ...{ caseId: 'b', trainable: false }, code: 'imaging/case-class-unknown' },
      { ...{ caseId: 'c', trainable: false }, code: 'imaging/case-class-missing' },
    ]);
    expect(refused.map(({ code }) => code)).toEqual(['imaging/case-class-stray']);
  });
});
