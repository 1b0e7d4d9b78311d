import { jobSchema } from '@fedvox/job';
import { describe, expect, it } from 'vitest';
import { evaluationReport } from './evaluation-page.js';
import type { EvaluationRecord } from './evaluation-record.js';
import { textOf } from './testing/page-text.js';
import { LANGUAGES } from './words/languages.js';

const job = jobSchema.parse({
  name: 'liver',
  classes: ['background', 'organ', 'lesion'],
  preprocess: [{ kind: 'orient' }],
  network: { kind: 'unet', channels: [4, 8], strides: [2] },
  training: { batchSize: 1 },
  evaluation: { bestBy: 'dice', auc: { level: 'case', classes: ['lesion'] } },
  federation: { rounds: 1, minSites: 2 },
  seed: 1,
});

function recordOf(dices: readonly number[], names = (index: number) => `case-${index}`) {
  const found = (name: string) => ({
    ...{ name, dice: 0.6, hd95Mm: 3.21, cases: dices.length },
    ...{ surfaceDice: 0.875, volumeError: 0.1 },
  });
  const perCase = dices.map((dice, index) => ({
    caseId: names(index),
    dice,
    perClass: [
      {
        ...{ dice, hd95Mm: 2, surfaceDice: 0.7 },
        ...{ referenceMl: 10, predictedMl: 12.5, volumeError: 0.25 },
      },
      {
        ...{ dice: null, hd95Mm: null, surfaceDice: null },
        ...{ referenceMl: 0, predictedMl: 0, volumeError: null },
      },
    ],
  }));
  const record: EvaluationRecord = {
    job,
    modelSha256: 'ab'.repeat(32),
    split: 'validation',
    evaluation: {
      dice: 0.6,
      auc: null,
      surfaceToleranceMm: 2,
      perClass: [
        { ...found('organ'), falsePositiveVoxels: 0 },
        { ...found('lesion'), dice: null, cases: 0, falsePositiveVoxels: 7 },
      ],
      intervals: {
        dice: { low: 0.51234, high: 0.7 },
        perClass: [{ low: 0.51234, high: 0.7 }, null],
      },
      perCase,
    },
  };
  return record;
}

describe('a report of an evaluation', () => {
  it('says how well each class does, and how well its mean is known', () => {
    const text = textOf(evaluationReport(recordOf([0.9, 0.3, 0.6]), 'en'));
    expect(text).toContain('|0.600 (95 % interval: 0.512 – 0.700)|');
    expect(text).toContain('|organ|3|0.600|0.512 – 0.700|0.600|0.300|0.875|3.2|10.0 %|0|0|');
    expect(text).toContain('|lesion|0|–|');
    expect(text).toContain('|surface Dice (2 mm)|HD95 (mm)|');
  });

  it('says how many lesions are found, at how many false positives', () => {
    const record = recordOf([0.5, 0.6]);
    const froc = [1 / 8, 1, 8].map((rate, at) => ({
      ...{ falsePositives: rate, sensitivity: at === 0 ? null : 0.25 * at },
    }));
    const lesion = {
      ...{ name: 'lesion', lesions: 4, found: 2, sensitivity: 0.5, falsePositives: 1.25 },
      ...{ froc, frocMean: 0.375 },
    };
    const lesions = { rule: { neighbours: 18, overlap: 0.2 }, perClass: [lesion] };
    const evaluation = { ...record.evaluation, lesions };
    const text = textOf(evaluationReport({ ...record, evaluation }, 'en'));
    expect(text).toContain('|false positives per case|1/8|1|8|mean of these|');
    expect(text).toContain('|lesion|4|2|0.500|1.25|–|0.250|0.500|0.375|');
    expect(text).toContain('18 neighbours; it is found where');
    expect(textOf(evaluationReport(record, 'en'))).not.toContain('false positives per case');
  });

  it('lists cases, the worst first, without the classes that they do not have', () => {
    const text = textOf(evaluationReport(recordOf([0.9, 0.3, 0.6]), 'en'));
    expect(text).toContain('|case-1|organ|0.300|0.700|2.0|10.00|12.50|25.0 %|case-2|organ|');
    expect(text.indexOf('|case-2|')).toBeLessThan(text.indexOf('|case-0|'));
  });

  it('lists the worst ones of many, and says so', () => {
    const text = textOf(evaluationReport(recordOf(Array.from({ length: 300 }, () => 0.5)), 'en'));
    expect(text.match(/\|organ\|0\.500\|/g)).toHaveLength(200);
    expect(text).toContain('The 200 worst of 300 cases');
  });

  it('tells that figures of cases that may have been trained on flatter', () => {
    const flatters = 'its figures flatter it';
    const record = recordOf([0.5, 0.6]);
    expect(evaluationReport(record, 'en')).not.toContain(flatters);
    expect(evaluationReport({ ...record, split: 'all' }, 'en')).toContain(flatters);
  });

  it.each(LANGUAGES)('runs nothing, fetches nothing and escapes every name: %s', (language) => {
    const hostile = recordOf([0.5, 0.6], () => '</td><script>alert(1)</script>');
    const page = evaluationReport(hostile, language);
    expect(page).not.toContain('<script');
    expect(page).toContain('default-src &#39;none&#39;');
    expect(page).toContain(`<html lang="${language === 'zh' ? 'zh' : 'en'}`);
  });
});

describe('the report of a model that classifies cases', () => {
  const classifying = jobSchema.parse({
    ...{ name: 'tumours', task: { kind: 'classification' }, classes: ['none', 'tumour'] },
    preprocess: [{ kind: 'orient' }],
    network: { kind: 'densenet', norm: { kind: 'batch', statistics: 'averaged' } },
    training: { batchSize: 2, loss: { kind: 'cross-entropy' } },
    evaluation: { bestBy: 'auc', auc: { level: 'case', classes: ['tumour'] } },
    federation: { rounds: 1, minSites: 2 },
    seed: 1,
  });
  const told = (caseId: string, reference: string, tumour: number) => ({
    ...{ caseId, dice: null, perClass: [] },
    classified: {
      ...{ reference, predicted: tumour > 0.5 ? 'tumour' : 'none' },
      probabilities: { none: 1 - tumour, tumour },
    },
  });
  const record: EvaluationRecord = {
    ...{ job: classifying, modelSha256: 'ab'.repeat(32), split: 'all' },
    evaluation: {
      ...{ dice: null, auc: 0.875, surfaceToleranceMm: 1, perClass: [] },
      caseClasses: {
        specificity: 0.9,
        perClass: [{ name: 'tumour', cases: 1, auc: 0.875, sensitivity: 0.75 }],
        accuracy: 0.5,
      },
      intervals: { dice: null, perClass: [], auc: { low: 0.7, high: 0.95 } },
      perCase: [told('<sure>', 'tumour', 0.9), told('wrong', 'none', 0.8)],
    },
  };

  it('says how they are told by class, and of each case its class, the worst first', () => {
    const page = evaluationReport(record, 'en');
    const text = textOf(page);
    expect(text).toContain('0.700 – 0.950');
    expect(text).toContain('sensitivity at a specificity of 0.9');
    expect(text).toContain('|tumour|1|0.875|0.750|');
    expect(text).toContain('|wrong|none|tumour|0.200|');
    expect(page.indexOf('wrong')).toBeLessThan(page.indexOf('&lt;sure&gt;'));
    expect(page).not.toContain('<sure>');
  });

  it('says how each site’s were told', () => {
    const { caseClasses } = record.evaluation;
    if (caseClasses === undefined) throw new Error('it classifies');
    const site = { dice: null, perClass: [], validationCases: 4 };
    const perSite = [
      { ...site, site: 'north', told: { auc: 0.625, caseClasses } },
      { ...site, site: 'south', told: { auc: null, caseClasses } },
    ];
    const evaluation = { ...record.evaluation, perSite };
    const text = textOf(evaluationReport({ ...record, evaluation }, 'en'));
    expect(text).toContain('|north|4|0.625|50.0 %|0.750|');
    expect(text).toMatch(/\|south\|4\|[^|0-9]+\|50\.0 %\|0\.750\|/);
  });

  it.each(LANGUAGES)('is whole in %s', (language) => {
    expect(evaluationReport(record, language)).toContain('0.875');
  });
});
