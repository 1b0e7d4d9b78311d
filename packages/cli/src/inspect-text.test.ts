import { describe, expect, it } from 'vitest';
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
});
