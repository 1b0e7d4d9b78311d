import { type DataSummary, type Job, jobSchema } from '@fedvox/job';
import { describe, expect, it } from 'vitest';
import {
  fedAvgWeight,
  judgeJob,
  refusalOfWithheld,
  sitePolicySchema,
  tellableSummary,
  withholdFigures,
} from './site-policy.js';

const job: Job = jobSchema.parse({
  name: 'lesion-north',
  classes: ['background', 'lesion'],
  preprocess: [{ kind: 'zscore' }],
  network: { kind: 'unet', channels: [4, 8], strides: [2] },
  training: { batchSize: 2, localEpochs: 3 },
  evaluation: { bestBy: 'dice', auc: { level: 'case', classes: ['lesion'] } },
  federation: { rounds: 2, minSites: 3 },
  seed: 1,
});
const policy = (input: unknown) => sitePolicySchema.parse(input);

describe('invariant 8: a figure that describes too few cases is withheld', () => {
  const figures = { dice: 0.9, auc: 0.8 };

  it('below minCasesForMetrics, all of them', () => {
    expect(withholdFigures(policy({ minCasesForMetrics: 4 }), figures, 3)).toEqual({
      dice: null,
      auc: null,
    });
  });

  it('and given from exactly that many on', () => {
    expect(withholdFigures(policy({ minCasesForMetrics: 4 }), figures, 4)).toEqual(figures);
  });

  it('and rounded to four decimals, so that it tells no case from another', () => {
    const exact = { dice: 0.812_349_9, auc: 0.999_96 };
    expect(withholdFigures(policy({}), exact, 9)).toEqual({ dice: 0.8123, auc: 1 });
    const partly = { dice: 0.1 + 0.2, auc: null };
    expect(withholdFigures(policy({}), partly, 9)).toEqual({ dice: 0.3, auc: null });
  });

  it('with five cases as the least where the site says nothing', () => {
    expect(withholdFigures(policy({}), figures, 4).dice).toBeNull();
    expect(withholdFigures(policy({}), figures, 5).dice).toBe(0.9);
  });
});

describe('what a job is told of the data', () => {
  const summary: DataSummary = {
    ...{ cases: 6, spacingMm: [1, 1, 1], leastSpacingMm: [1, 1, 1], size: [16, 16, 16] },
    ...{ keptPart: 1, mean: 3, standardDeviation: 1, low: 1, high: 5 },
  };

  it('is nothing unless policy shares it, and nothing of few cases', () => {
    expect(tellableSummary(policy({}), summary)).toBeUndefined();
    const sharing = policy({ shareDataSummary: true });
    expect(tellableSummary(sharing, summary)).toEqual(summary);
    expect(tellableSummary(sharing, { ...summary, cases: 4 })).toBeUndefined();
    expect(tellableSummary(sharing, undefined)).toBeUndefined();
  });

  it('has a number of cases only where the weight tells it', () => {
    for (const weight of [
      { weightSource: 'uniform' },
      { weightSource: 'declared', declaredWeight: 2 },
    ]) {
      const told = tellableSummary(policy({ shareDataSummary: true, ...weight }), summary);
      expect(told).toEqual({ ...summary, cases: null });
    }
  });
});

describe('the FedAvg weight', () => {
  it('tells the number of training cases only where policy says so', () => {
    expect(fedAvgWeight(policy({}), 37)).toEqual({ value: 37, source: 'examples' });
    expect(fedAvgWeight(policy({ weightSource: 'uniform' }), 37)).toEqual({
      value: 1,
      source: 'uniform',
    });
    const declared = policy({ weightSource: 'declared', declaredWeight: 2.5 });
    expect(fedAvgWeight(declared, 37)).toEqual({ value: 2.5, source: 'declared' });
  });

  it('is declared with its source or not at all', () => {
    expect(() => policy({ weightSource: 'declared' })).toThrow('declaredWeight');
    expect(() => policy({ declaredWeight: 2 })).toThrow('declaredWeight');
  });
});

describe('a job', () => {
  it.each([
    [['lesion-*'], 'pass'],
    [['*'], 'pass'],
    [['lesion-north'], 'pass'],
    [['prostate', '*-north'], 'pass'],
    [['lesion'], 'refused-by-policy'],
    [['north-*'], 'refused-by-policy'],
    [['lesion-nort'], 'refused-by-policy'],
  ])('against allowed names %j is judged %s', (allowedJobs, outcome) => {
    expect(judgeJob(policy({ allowedJobs }), job)).toBe(outcome);
  });

  it('that wants more local epochs than the site gives is refused', () => {
    expect(judgeJob(policy({ maxLocalEpochs: 2 }), job)).toBe('refused-by-policy');
    expect(judgeJob(policy({ maxLocalEpochs: 3 }), job)).toBe('pass');
  });

  it('whose strategy would tell the number of cases is refused where the site tells none', () => {
    const fedNova: Job = {
      ...job,
      federation: { ...job.federation, strategy: { kind: 'fednova' } },
    };
    expect(judgeJob(policy({}), fedNova)).toBe('pass');
    expect(judgeJob(policy({ weightSource: 'uniform' }), fedNova)).toBe('refused-by-policy');
    expect(judgeJob(policy({ weightSource: 'uniform' }), job)).toBe('pass');
    const fixed: Job = { ...fedNova, training: { ...job.training, localEpochs: 1, localSteps: 9 } };
    expect(judgeJob(policy({ weightSource: 'uniform' }), fixed)).toBe('pass');
  });

  it('that fixes more steps than the site gives is refused, also where it limits epochs alone', () => {
    const fixed: Job = { ...job, training: { ...job.training, localEpochs: 1, localSteps: 9 } };
    expect(judgeJob(policy({}), fixed)).toBe('pass');
    expect(judgeJob(policy({ maxLocalSteps: 8 }), fixed)).toBe('refused-by-policy');
    expect(judgeJob(policy({ maxLocalEpochs: 9 }), fixed)).toBe('refused-by-policy');
    expect(judgeJob(policy({ maxLocalEpochs: 1, maxLocalSteps: 9 }), fixed)).toBe('pass');
  });

  it('whose strategy counts by the Dice is refused where the site withholds it', () => {
    const strategy = { kind: 'q-fedavg', q: 1, lipschitz: 10 } as const;
    const fair: Job = { ...job, federation: { ...job.federation, strategy } };
    expect(refusalOfWithheld(policy({}), fair, 4)).toContain('minCasesForMetrics being 5');
    expect(refusalOfWithheld(policy({}), fair, 5)).toBeUndefined();
    expect(refusalOfWithheld(policy({}), job, 4)).toBeUndefined();
  });

  it('whose rounds may close with fewer sites than the site wants to be among is refused', () => {
    const of = (minSites: number): Job => ({ ...job, federation: { ...job.federation, minSites } });
    expect(judgeJob(policy({}), of(2))).toBe('refused-by-policy');
    expect(judgeJob(policy({ minCohort: 2 }), of(2))).toBe('pass');
    expect(judgeJob(policy({ minCohort: 5 }), of(4))).toBe('refused-by-policy');
    expect(judgeJob(policy({ minCohort: 5 }), of(5))).toBe('pass');
  });
});
