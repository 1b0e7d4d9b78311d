import type { EpochReport } from '@fedvox/learning';
import { describe, expect, it } from 'vitest';
import { historyCsv } from './history-file.js';

describe('a training’s history', () => {
  it('has a line for each epoch, and nothing where a figure is undefined', () => {
    const report = {
      ...{ epoch: 1, meanLoss: 0.75, volumesPerSecond: 12.345, dataWaitFraction: 0.01 },
      evaluation: { dice: 0.5, auc: null, perClass: [], validationCases: 2, surfaceToleranceMm: 1 },
    } satisfies EpochReport;
    expect(historyCsv([report, { ...report, epoch: 2, learningRate: 0.001 }])).toBe(
      [
        'epoch,loss,dice,auc,volumes_per_second,data_wait_fraction,learning_rate',
        '1,0.75,0.5,,12.35,0.010,',
        '2,0.75,0.5,,12.35,0.010,0.001',
        '',
      ].join('\r\n'),
    );
  });
});
