import type { ApprovalCard } from '@fedvox/agent/records';
import { describe, expect, it } from 'vitest';
import { approvalsText, approvalText } from './approvals-text.js';

const card: ApprovalCard = {
  ...{ job: 'lesion-1', jobDigest: 'ab'.repeat(32), askedAtMs: 0, lastAskedAtMs: 60_000 },
  ...{ name: 'lesion', network: 'unet (channels: [4,8])', parameters: 1_899 },
  ...{
    classes: ['background', 'organ'],
    preprocess: ['zscore', 'orient (axes: RAS)'],
    augment: [],
  },
  ...{ modality: 'MR', minCases: 8, rounds: 2, localEpochs: 3, localSteps: null },
  ...{ strategy: 'fedavg', minSites: 3 },
  leaves: { encoding: 'float32', roundBytes: 7_596, totalBytes: 15_192, dataSummary: false },
  privacy: { minCasesForMetrics: 5, weightSource: 'uniform', minCohort: 3 },
  answer: null,
};

describe('a job that people are asked about, in words', () => {
  it('says all that it asks for, and what would leave', () => {
    const text = approvalText(card);
    expect(text).toMatch(/answer +waits for you/);
    expect(text).toMatch(/network +unet \(channels: \[4,8\]\): 1899 numbers/);
    expect(text).toMatch(/work +2 rounds of 3 passes over the data/);
    expect(text).toMatch(/data +8 cases or more, MR/);
    expect(text).toMatch(/about 7.6 KB \(float32\), .*about 15.2 KB in all. No scan/);
    expect(text).toMatch(/fewer than 5 cases are withheld; the weight is the same for every site/);
    expect(approvalText({ ...card, localSteps: 40 })).toMatch(/2 rounds of 40 steps/);
  });

  it('says who answered and why, and obeys nothing that they wrote', () => {
    const answer = { verdict: 'refused', atMs: 0, by: 'anna', reason: 'no\u001b[2J' } as const;
    const text = approvalsText([{ ...card, answer }]);
    expect(text).toContain('refused by anna at 1970-01-01T00:00:00Z: no\\u001b[2J');
    expect(approvalsText([])).toBe('No job has asked for an approval here.');
  });
});
