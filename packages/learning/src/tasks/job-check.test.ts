import type { JobInput } from '@fedvox/job';
import { describe, expect, it } from 'vitest';
import { ballJob } from '../testing/phantoms.js';
import { checkJob } from './job-check.js';

type PreprocessInput = NonNullable<JobInput['preprocess']>[number];

/** A size that no network with strides can halve. */
const ODD: PreprocessInput = { kind: 'crop-or-pad', size: [7, 7, 7] };
const check = (...preprocess: PreprocessInput[]) => checkJob(ballJob({ preprocess }));

describe('the check of a job before any case is read', () => {
  it('refuses a size that the network cannot halve often enough', () => {
    expect(() => check(ODD)).toThrow(
      expect.objectContaining({ code: 'learning/size-not-divisible' }),
    );
  });

  it.each([
    { kind: 'orient' },
    { kind: 'resample', spacingMm: [1, 1, 1] },
    { kind: 'crop-foreground' },
  ] satisfies PreprocessInput[])('leaves the size to the scan after $kind', (step) => {
    expect(() => check(ODD, step)).not.toThrow();
  });
});
