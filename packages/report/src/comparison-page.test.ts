import { describe, expect, it } from 'vitest';
import { comparisonReport } from './comparison-page.js';
import type { ComparedVariant, ComparisonRecord } from './comparison-record.js';
import { textOf } from './testing/page-text.js';
import { LANGUAGES } from './words/languages.js';

const estimate = (mean: number) => ({ mean, low: mean - 0.05, high: mean + 0.05 });
const variant = (name: string, kind: ComparedVariant['kind'], dice: number): ComparedVariant => ({
  ...{ name, kind, dice: estimate(dice), auc: kind === 'alone' ? null : 0.9 },
  bySite: ['east', '<north>'].map((site, index) => ({
    ...{ site, dice: estimate(dice - index / 10) },
    auc: kind === 'alone' && site === 'east' ? null : 0.9 + index / 100,
  })),
  byClass: ['organ', 'lesion'].map((name) => ({ name, dice: null })),
  curve: kind === 'alone' ? [] : [dice - 0.1, null, dice],
  bytes: kind === 'federated' ? 3_400_000 : null,
  durationMs: kind === 'federated' ? 3_900_000 : null,
  runs: [{ seed: 4, dice, auc: null, round: 3, sha256: 'ab'.repeat(32) }],
});
const record: ComparisonRecord = {
  ...{ scenario: 'tale', description: 'Who is better, <b>and why</b>?', mode: 'virtual' },
  ...{ engine: 'libtorch', seeds: [4], rounds: 3, epochsPerRound: 2, validationCases: 9 },
  command: 'fedvox simulate tale.yaml --mode virtual',
  variants: [
    variant('fedavg', 'federated', 0.8),
    {
      ...variant('median', 'federated', 0.7),
      difference: { mean: -0.1, low: -0.2, high: -0.01, p: 0.0004 },
    },
    variant('alone', 'alone', 0.6),
  ],
};

describe('a report of a comparison', () => {
  it.each(LANGUAGES)('says every figure, in %s', (language) => {
    const text = textOf(comparisonReport(record, language));
    for (const said of [
      '0.800',
      '0.750 – 0.850',
      '−0.100',
      '−0.200 – −0.010',
      '&lt; 0.001',
      '3.4 MB',
    ]) {
      expect(text).toContain(said);
    }
    expect(text).toContain('ab'.repeat(32));
    expect(text).not.toMatch(/undefined|NaN|null/);
  });

  it('says what each site gains over its own model, and which is worst off', () => {
    const text = textOf(comparisonReport(record, 'en'));
    expect(text).toContain('0.700 (+0.200)');
    expect(text).toMatch(/worst site\|0\.700\|0\.600\|0\.500/);
  });

  it('says each site’s AUC, and nothing of it where no variant has one', () => {
    const text = textOf(comparisonReport(record, 'en'));
    expect(text).toMatch(/AUC\D+site\|fedavg\|median\|each site alone\|/);
    expect(text).toMatch(/east\|0\.900\|0\.900\|–/);
    expect(text).toMatch(/&lt;north&gt;\|0\.910 \(0\.000\)\|0\.910 \(0\.000\)\|0\.910/);
    const silent = record.variants.map((one) => ({
      ...one,
      bySite: one.bySite.map((site) => ({ ...site, auc: null })),
    }));
    const before = text.split('worst site').length;
    const after = textOf(comparisonReport({ ...record, variants: silent }, 'en'));
    expect(after.split('worst site')).toHaveLength(before - 1);
  });

  it('sets what was sent against the Dice that came of it, where not all send as much', () => {
    const cheaper = record.variants.map((one) =>
      one.name === 'median' ? { ...one, bytes: 9e5 } : one,
    );
    const page = comparisonReport({ ...record, variants: cheaper }, 'en');
    const chart = page.match(/<svg [^>]*aria-label="What was sent[\s\S]*?<\/svg>/)?.[0] ?? '';
    expect(chart.match(/<circle /g)).toHaveLength(2);
    expect(chart).toContain('>each site alone<');
    expect(comparisonReport(record, 'en')).not.toContain('What was sent');
  });

  it('says who was missing from a round, who came last, and in which rounds nobody knows', () => {
    const [first, ...others] = record.variants;
    const answers = [
      { site: 'east', afterMs: 60_000 },
      { site: '<north>', afterMs: 2_400_000 },
    ];
    const attendance = [
      { round: 1, answers },
      { round: 2, answers: answers.slice(0, 1) },
    ];
    const told = { ...record, variants: [{ ...first!, attendance }, ...others] };
    const text = textOf(comparisonReport(told, 'en'));
    expect(text).toMatch(/1\|last &lt;north&gt; after 40 min 0 s/);
    expect(text).toMatch(/2\|without &lt;north&gt;, last east after 1 min 0 s/);
    expect(textOf(comparisonReport(record, 'en'))).not.toContain('Who was missing');
  });

  it.each([3, 100])(
    'draws what each of %d sites gains as a dot in the line of its variant',
    (count) => {
      const sites = Array.from({ length: count }, (_, index) => `site-${index}`);
      const wide = (one: ComparedVariant): ComparedVariant => ({
        ...one,
        bySite: sites.map((site, index) => ({
          site,
          dice: estimate(one.kind === 'alone' ? 0.6 - index / 1_000 : 0.6),
          auc: null,
        })),
      });
      const page = comparisonReport({ ...record, variants: record.variants.map(wide) }, 'en');
      const text = textOf(page);
      const most = `+${((count - 1) / 1_000).toFixed(3)}`;
      expect(text).toContain(`From 0.000 to ${most}; 0 of all dots`);
      expect(page.match(/<svg /g)).toHaveLength(3);
      expect(page).not.toContain('&lt;svg');
      expect(page.length).toBeLessThan(200_000);
    },
  );

  it('holds no markup but its own, and runs nothing', () => {
    const page = comparisonReport(record, 'en');
    expect(page).toContain('&lt;b&gt;and why');
    expect(page).not.toMatch(/<b>|<script|<north>|(src|href)=/);
  });
});
