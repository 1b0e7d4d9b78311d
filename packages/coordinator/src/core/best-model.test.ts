import { sha256 } from '@fedvox/base';
import { METRIC_NAMES, SELECTION_RULES } from '@fedvox/job';
import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { chooseBest, choosing, lastGain, type ModelComparison } from './best-model.js';
import { type ModelRow, type ReportedFigures, tabulate } from './results.js';

/** A job's table from the Dice of each model at each site; a site that was away has none. */
function tableOf(
  models: readonly Readonly<Record<string, number | null>>[],
  weights: Readonly<Record<string, number>> = {},
): readonly ModelRow[] {
  const reports = models.flatMap((bySite, round) =>
    Object.entries(bySite).map(
      ([site, dice]): ReportedFigures => ({
        round: round + 1,
        site,
        weight: weights[site] ?? 1,
        figures: { dice, auc: null },
      }),
    ),
  );
  return tabulate(
    models.map((_, round) => sha256(`model ${round}`)),
    reports,
  );
}

const UNTRAINED = { easy: 0, hard: 0 };
const chosenRound = (rows: readonly ModelRow[], over?: ModelComparison['over']) => {
  const choice = chooseBest(rows, { metric: 'dice', over });
  return choice.kind === 'best' ? choice.model.round : choice;
};

describe('the best model of a job', () => {
  it('is found in many steps, so that a long job holds nobody up', () => {
    // No two sites agree: every model is compared with several others.
    const rows = tableOf(
      Array.from({ length: 200 }, (_, round) => ({
        ...{ a: ((7 * round) % 200) / 200, b: ((11 * round) % 200) / 200, c: round / 400 },
      })),
    );
    const steps = [...choosing(rows, { metric: 'dice' })];
    expect(steps.length).toBeGreaterThan(2 * rows.length);
  });

  it('is not the one that the hard site did not score, though its mean is the highest', () => {
    const rows = tableOf([
      UNTRAINED,
      { easy: 0.82, hard: 0.7 },
      { easy: 0.836 },
      { easy: 0.85, hard: 0.802 },
    ]);
    expect(rows.map(({ dice }) => dice?.toFixed(3))).toEqual(['0.000', '0.760', '0.836', '0.826']);
    expect(chosenRound(rows)).toBe(3);
  });

  it('is a later one where a site has left for good, if it is better at those that stayed', () => {
    const rows = tableOf([
      UNTRAINED,
      { easy: 0.6, hard: 0.5, left: 0.99 },
      { easy: 0.7, hard: 0.6 },
    ]);
    expect(chosenRound(rows)).toBe(2);
  });

  it('is the one that more sites scored where two are as good', () => {
    const rows = tableOf([UNTRAINED, { easy: 0.8 }, { easy: 0.8, hard: 0.1 }, { easy: 0.8 }]);
    expect(chosenRound(rows)).toBe(2);
  });

  it('is compared with one weight for a site, however its weight changed between two rounds', () => {
    const reports = [2, 3].flatMap((round): ReportedFigures[] => {
      const [easy, hard] = round === 2 ? [0.8, 0.5] : [0.81, 0.51];
      const figuresOf = (dice: number) => ({ dice, auc: null });
      return [
        { round, site: 'easy', weight: round === 2 ? 90 : 10, figures: figuresOf(easy) },
        { round, site: 'hard', weight: 10, figures: figuresOf(hard) },
      ];
    });
    const models = ['untrained', 'first', 'second'].map((name) => sha256(name));
    expect(chosenRound(tabulate(models, reports))).toBe(2);
  });

  it('is chosen over the sites as the job declares', () => {
    const rows = tableOf(
      [
        UNTRAINED,
        { a: 0.9, b: 0.2, c: 0.5 },
        { a: 0.7, b: 0.35, c: 0.57 },
        { a: 0.6, b: 0.4, c: 0.45 },
      ],
      { a: 8, b: 1, c: 3 },
    );
    expect(chosenRound(rows)).toBe(1);
    expect(chosenRound(rows, 'weighted')).toBe(1);
    expect(chosenRound(rows, 'mean')).toBe(2);
    expect(chosenRound(rows, 'worst')).toBe(3);
  });

  it('is none where each is beaten by another at the one site that scored both', () => {
    const rows = tableOf([UNTRAINED, { a: 0.6, c: 0.5 }, { a: 0.5, b: 0.6 }, { b: 0.5, c: 0.6 }]);
    expect(chosenRound(rows)).toEqual({ kind: 'undecided', rounds: [1, 2, 3] });
  });

  it('is none, and said to be unmeasured, where every figure was withheld or undefined', () => {
    expect(chosenRound(tableOf([UNTRAINED, { easy: null }, { easy: null }]))).toEqual({
      kind: 'unmeasured',
    });
  });

  it('is by the worst site of those that scored both, whoever was away', () => {
    const rows = tableOf([
      UNTRAINED,
      { easy: 0.8, hard: 0.3 },
      { easy: 0.7 },
      { easy: 0.75, hard: 0.31 },
    ]);
    expect(chosenRound(rows, 'worst')).toBe(3);
  });

  const SITES = ['a', 'b', 'c', 'd', 'e'];
  /** Away, withheld or undefined, or one of few figures, so that there are ties. */
  const score = fc.oneof(
    fc.constant(undefined),
    fc.constant(null),
    fc.integer({ min: 0, max: 20 }).map((twentieths) => twentieths / 20),
    fc.integer({ min: 0, max: 1000 }).map((thousandths) => thousandths / 1000),
  );
  const federation = fc.record({
    models: fc.array(fc.tuple(score, score, score, score, score), { minLength: 1, maxLength: 9 }),
    weights: fc.tuple(...SITES.map(() => fc.integer({ min: 1, max: 500 }))),
  });

  it('is never worse, on the sites that scored both, than another; and is found where there is one', () => {
    let found = 0;
    fc.assert(
      fc.property(federation, ({ models, weights }) => {
        const weightOf = Object.fromEntries(SITES.map((site, at) => [site, weights[at] as number]));
        const rows = tableOf(
          models.map((scores) => {
            const present = SITES.flatMap((site, at) => {
              const value = scores[at];
              return value === undefined ? [] : [[site, value] as const];
            });
            return Object.fromEntries(present);
          }),
          weightOf,
        );
        const choice = chooseBest(rows, { metric: 'dice' });
        const others = rows.filter(({ round, dice }) => round > 0 && dice !== null);
        expect(choice.kind === 'unmeasured').toBe(others.length === 0);
        if (choice.kind === 'unmeasured') return;
        const isUnbeaten = (row: ModelRow) => others.every((other) => isNoWorse(row, other));
        if (choice.kind === 'undecided') expect(others.filter(isUnbeaten)).toEqual([]);
        else expect(isUnbeaten(choice.model)).toBe(true);
        if (choice.kind === 'best') found++;
      }),
      { numRuns: 2000, seed: 14 },
    );
    expect(found).toBeGreaterThan(1000);
  });

  it('is found among twice as many improving models by about twice as many comparisons', () => {
    const lookups = (count: number) => {
      const models = Array.from({ length: count }, (_, round) => ({
        easy: round / count,
        hard: round / count,
      }));
      const rows = tableOf(models);
      const gets = vi.spyOn(Map.prototype, 'get');
      expect(chosenRound(rows)).toBe(count - 1);
      const { length } = gets.mock.calls;
      gets.mockRestore();
      return length;
    };
    expect(lookups(400) / lookups(200)).toBeLessThan(2.5);
  });

  it('is looked for by every metric that a job may name', () => {
    for (const metric of METRIC_NAMES) {
      const cell = { site: 'a', weight: 1, dice: null, auc: null, [metric]: 0.5 };
      expect(chooseBest([{ round: 1, sites: [cell] }], { metric })).toMatchObject({ kind: 'best' });
    }
  });
});

describe('the last gain of a job', () => {
  const gainOf = (dice: readonly (number | null)[], minGain = 0) =>
    lastGain(
      tableOf([UNTRAINED, ...dice.map((north) => ({ north }))]),
      { metric: 'dice' },
      minGain,
    );

  it.each<[string, readonly (number | null)[], number, number, number]>([
    ['of the only model', [0.5], 0, 1, 0],
    ['of a model that is better by anything', [0.5, 0.501], 0, 2, 0],
    ['of the first of two as good', [0.5, 0.5], 0, 1, 1],
    ['not of one that is better by less than was asked for', [0.5, 0.509], 0.01, 1, 1],
    ['of one that is better by just as much', [0.5, 0.51], 0.01, 2, 0],
    ['of one that got there in small steps', [0.5, 0.506, 0.512], 0.01, 3, 0],
    ['not of one that only made up for a loss', [0.5, 0.3, 0.45, 0.5], 0, 1, 3],
    ['without counting a model that nobody scored', [0.5, null, 0.4, null], 0, 1, 1],
  ])('is that %s', (_, dice, minGain, round, modelsSince) => {
    expect(gainOf(dice, minGain)).toEqual({ round, modelsSince });
  });

  it('is none where every figure was withheld: nothing tells that no better model will come', () => {
    expect(gainOf([null, null, null])).toBeNull();
  });

  it('is counted anew where no site of the last one scored the next', () => {
    const rows = tableOf([UNTRAINED, { a: 0.9 }, { a: 0.8 }, { b: 0.1 }, { b: 0.1 }]);
    expect(lastGain(rows, { metric: 'dice' }, 0)).toEqual({ round: 3, modelsSince: 1 });
  });

  it('is what the best model is where all sites scored all models and anything is a gain', () => {
    const dice = fc.integer({ min: 0, max: 9 }).map((tenths) => tenths / 10);
    const models = fc.array(fc.record({ a: dice, b: dice, c: dice }), {
      minLength: 1,
      maxLength: 8,
    });
    const rule = fc.constantFrom(...SELECTION_RULES);
    fc.assert(
      fc.property(models, rule, (scored, over) => {
        const rows = tableOf([UNTRAINED, ...scored], { a: 1, b: 2, c: 4 });
        const last = lastGain(rows, { metric: 'dice', over }, 0);
        expect(last?.round).toBe(chosenRound(rows, over));
        expect(last?.modelsSince).toBe(scored.length - (last?.round ?? 0));
      }),
      { numRuns: 500, seed: 15 },
    );
  });
});

/** By weighted means over the sites that scored both, reckoned apart from the code under test. */
function isNoWorse(row: ModelRow, other: ModelRow): boolean {
  const shared = row.sites.flatMap((cell) => {
    const counterpart = other.sites.find(({ site }) => site === cell.site);
    return cell.dice === null || counterpart?.dice == null
      ? []
      : [{ weight: cell.weight as number, own: cell.dice, theirs: counterpart.dice }];
  });
  const total = shared.reduce((sum, { weight }) => sum + weight, 0);
  const mean = (key: 'own' | 'theirs') =>
    shared.reduce((sum, cell) => sum + cell.weight * cell[key], 0) / total;
  return shared.length === 0 || mean('own') >= mean('theirs') - 1e-12;
}
