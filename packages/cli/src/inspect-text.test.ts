import { describe, expect, it } from 'vitest';
import { countsOf } from './inspect-reasons.js';
import { inspectText } from './inspect-text.js';

const organ = { name: 'organ', voxels: 100, ml: 12.34 };
const scan = {
  what: 'a.nii.gz',
  format: 'nifti',
  slices: 3,
  labels: [organ],
  warnings: [],
  usable: true,
  trainable: true,
} as const;
const report = { path: '/scans', files: 1, refused: [], otherFiles: 0 };

const refusal = (what: string) => ({
  what,
  code: 'imaging/corrupt-file',
  reason: `${what} is corrupt`,
  advice: 'Copy it again.',
});

describe('the text of an inspection', () => {
  it('has a column for predictions where there are any, with the Dice of what the label has', () => {
    const classes = [
      { ...organ, dice: 0.81249 },
      { name: 'lesion', voxels: 8, ml: 1 },
    ];
    const text = inspectText({
      ...report,
      scans: [{ ...scan, prediction: { path: 'p', classes } }],
    });
    expect(text).toContain('organ 12.3 ml (Dice 0.812), lesion 1.0 ml');
    expect(inspectText({ ...report, scans: [scan] })).not.toContain('prediction');
  });

  it('tells series apart by what the scanner called them, and patients only where they are given', () => {
    const series = { ...scan, seriesNumber: '4', seriesDescription: 't2\u001b[2J tra' };
    const shown = inspectText({ ...report, scans: [scan, series] });
    expect(shown).toContain('4 t2\\u001b[2J tra');
    expect(shown).not.toContain('patient');
    expect(inspectText({ ...report, scans: [{ ...scan, patientId: 'P-7' }] })).toContain('P-7');
    expect(inspectText({ ...report, scans: [scan] })).not.toContain('series');
  });

  it('names three scans of a reason and counts the others, with the advice once', () => {
    const refused = Array.from({ length: 465 }, (_, at) => refusal(`file-${at}.dcm`));
    const text = inspectText({ ...report, scans: [scan], refused });
    expect(text).toContain('1 file, 1 scan: 1 usable, 465 refused');
    expect(text).toContain('  file-2.dcm is corrupt (imaging/corrupt-file)');
    expect(text).toContain('  … and 462 more (465 in all) (imaging/corrupt-file)');
    expect(text.split('→ Copy it again.')).toHaveLength(2);
    expect(text.split('\n').length).toBeLessThan(15);
  });

  it('counts a warning that many scans share', () => {
    const scans = ['a', 'b', 'c'].map((what) => ({
      ...scan,
      what,
      warnings: [{ ...refusal(what), reason: `${what} is padded` }],
    }));
    expect(inspectText({ ...report, scans })).toContain('  a is padded (and of 2 scans more)');
  });

  it('counts refused scans and cases as refused, and copies and reports as neither', () => {
    const lost = { ...scan, usable: false, trainable: false, refusal: refusal('scan') };
    const refused = [refusal('case'), { ...refusal('sr'), code: 'imaging/not-an-image' }];
    const found = { ...report, scans: [scan, lost], refused };
    expect(countsOf(found)).toEqual({ usable: 1, trainable: 1, refused: 2 });
    expect(inspectText(found)).toContain('2 scans: 1 usable, 2 refused');
  });
});
