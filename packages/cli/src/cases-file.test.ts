import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { casesCsv, casesFile } from './cases-file.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fedvox-'));
});
afterEach(() => rm(folder, { recursive: true }));

const organ = {
  ...{ name: 'organ', dice: 0.5, hd95Mm: 2, surfaceDice: 0.75 },
  ...{ referenceMl: 1.25, predictedMl: 1, volumeError: -0.2 },
};
const lesion = {
  ...{ name: 'lesion', dice: null, hd95Mm: null, surfaceDice: null },
  ...{ referenceMl: 0, predictedMl: 0, volumeError: null },
};
const cases = [
  { caseId: 'a "large", old one', site: 'north', dice: 0.5, perClass: [organ, lesion] },
  { caseId: 'b', dice: 0.5, perClass: [organ] },
];

describe('the file of all cases', () => {
  it('has a line for each case and class, quoted where it must be, nothing for what is undefined', () => {
    expect(casesCsv(cases).split('\r\n')).toEqual([
      'case,site,class,dice,hd95_mm,reference_ml,predicted_ml,surface_dice,volume_error',
      '"a ""large"", old one",north,organ,0.5,2,1.25,1,0.75,-0.2',
      '"a ""large"", old one",north,lesion,,,0,0,,',
      'b,,organ,0.5,2,1.25,1,0.75,-0.2',
      '',
    ]);
  });

  it('has a line for each case that was classified, with the probability of each class', () => {
    const told = {
      ...{ caseId: 'a', site: 'north', dice: null, perClass: [] },
      classified: {
        ...{ reference: 'none', predicted: 'lesion' },
        probabilities: { none: 0.25, lesion: 0.75 },
      },
    };
    expect(casesCsv([told]).split('\r\n')).toEqual([
      'case,site,class,predicted,probability_none,probability_lesion',
      'a,north,none,lesion,0.25,0.75',
      '',
    ]);
  });

  it('says how many lesions were found where they were looked at', () => {
    const found = { ...organ, lesions: { lesions: 3, found: 2, falsePositives: 1 } };
    expect(casesCsv([{ caseId: 'a', dice: 0.5, perClass: [found] }]).split('\r\n')).toEqual([
      'case,site,class,dice,hd95_mm,reference_ml,predicted_ml,surface_dice,volume_error,lesions,lesions_found,lesions_false',
      'a,,organ,0.5,2,1.25,1,0.75,-0.2,3,2,1',
      '',
    ]);
  });

  it('is JSON where its name says so', async () => {
    const path = join(folder, 'cases.JSON');
    await casesFile(path)(cases);
    expect(JSON.parse(await readFile(path, 'utf8'))).toEqual(cases);
  });

  it('is refused before anything is measured where its name says nothing', () => {
    expect(() => casesFile('cases.xlsx')).toThrow(
      expect.objectContaining({ code: 'cli/cases-format-unknown' }),
    );
  });
});
