import type { CaseRef } from '@fedvox/imaging';
import type { JobInput } from '@fedvox/job';
import { describe, expect, it } from 'vitest';
import { ballJob } from '../testing/phantoms.js';
import { gateProblems, meetRequirements } from './data-requirements.js';

/** A scan whose voxel axes run superior (3 mm), left (1 mm) and anterior (2 mm). */
const sagittal = {
  caseId: 'sagittal',
  modality: 'MR',
  grid: { shape: [4, 5, 6], affineRas: [0, -1, 0, 0, 0, 0, 2, 0, 3, 0, 0, 0, 0, 0, 0, 1] },
  hasLabel: true,
} as unknown as CaseRef;

const refusedBy = (data: JobInput['data']) =>
  meetRequirements({ cases: [sagittal], refused: [] }, ballJob({ data })).refused;

const refusal = (code: string) => ({ what: 'a scan', code, reason: 'some', advice: 'none' });

describe('the requirements of a job', () => {
  it('hold spacing against right, anterior and superior, whichever way the voxel axes run', () => {
    expect(refusedBy({ spacingMm: { min: [1, 2, 3], max: [1, 2, 3] } })).toEqual([]);
    expect(refusedBy({ spacingMm: { min: [0.5, 0.5, 0.5], max: [3, 1, 2] } })).toEqual([
      {
        what: 'sagittal',
        code: 'learning/spacing-out-of-range',
        reason:
          'case sagittal has voxels of 1.00×2.00×3.00 mm; the job accepts 0.5×0.5×0.5 to 3×1×2',
        advice: 'Leave such scans out, or ask the consortium whether the job should accept them.',
      },
    ]);
  });

  it('hold the modality against what the scan says it is', () => {
    expect(refusedBy({ modality: 'MR' })).toEqual([]);
    expect(refusedBy({ modality: 'CT' })[0]?.reason).toBe(
      'case sagittal is of modality MR; the job wants CT',
    );
  });
});

describe('the reasons that leave a site', () => {
  const job = ballJob({ data: { minCases: 3 } });

  it('are none where enough cases are left, whatever was refused', () => {
    expect(gateProblems(3, [refusal('imaging/corrupt-file')], job)).toEqual([]);
  });

  it('are never fewer than two cases, whatever the job asks', () => {
    expect(gateProblems(1, [], ballJob({ data: { minCases: 1 } }))).toEqual(['too-few-cases']);
  });

  it('begin with the commonest cause where nothing is left', () => {
    const codes = ['imaging/label-missing', 'learning/wrong-modality', 'imaging/label-classes'];
    expect(gateProblems(0, codes.map(refusal), job)).toEqual(['labels-missing', 'wrong-modality']);
  });

  it('are just that there is nothing usable where the cause is not for others to know', () => {
    expect(gateProblems(0, [refusal('imaging/missing-slice')], job)).toEqual(['no-usable-data']);
  });
});
