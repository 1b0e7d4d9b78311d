import { readFile } from 'node:fs/promises';
import {
  ENCODING_KINDS,
  type EncodingSpec,
  encodingSchema,
  LOSS_KINDS,
  LOSS_TERMS,
  type LossSpec,
  lossSchema,
  networkSchema,
  OPTIMIZER_KINDS,
  OPTIMIZER_TERMS,
  type OptimizerSpec,
  optimizerSchema,
  SAMPLING_TERMS,
  type SamplingSpec,
  SCHEDULES,
  type ScheduleSpec,
  STATISTICS,
  STRATEGY_KINDS,
  type StrategySpec,
  samplingSchema,
  scheduleSchema,
  statisticsConditions,
  trainingSchema,
} from '@fedvox/job';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { REPOSITORY, readDocument } from '../support/documents.js';

const document = await readDocument('docs/training.md');

/** The rows of a section's table: what a job says, then the other cells. */
function rowsOf<Said>(section: string): { said: Said; cells: string[] }[] {
  const [, text = ''] = document.split(`\n## ${section}\n`);
  const [own = ''] = text.split('\n## ');
  return [...own.matchAll(/^\| `(\{ kind: .*?\})` \| (.*) \|$/gm)].map(
    ([, said = '', rest = '']) => ({ said: parse(said) as Said, cells: rest.split(' | ') }),
  );
}

const wordsIn = (cell: string) => [...cell.matchAll(/`([^`]+)`/g)].map(([, word]) => word);

/** What the file says, its docstrings as running text. */
const textOf = async (path: string) =>
  (await readFile(`${REPOSITORY}${path}`, 'utf8')).replaceAll(/\n \* /g, ' ');

describe('the table of losses', () => {
  const rows = rowsOf<LossSpec>('Losses');

  it('has a row for each that a job can name, in their order', () => {
    expect(rows.map(({ said }) => said.kind)).toEqual(LOSS_KINDS);
  });

  it.each(rows)('says all that a job may say of $said.kind, and what stands else', (row) => {
    const { said, cells } = row;
    expect(lossSchema.parse({ kind: said.kind })).toEqual(said);
    const settings = Object.keys(LOSS_TERMS[said.kind].schema.shape);
    expect([...Object.keys(said), ...wordsIn(cells[1] ?? '')].sort()).toEqual(settings.sort());
  });

  it.each(rows)("names MONAI's and the paper that $said.kind's own file names", async (row) => {
    const [monai = '', , paper = ''] = row.cells;
    const own = row.said.kind === 'dice' ? 'dice-loss' : row.said.kind;
    const files = ['dice-loss.ts', `${own}.ts`, 'focal.ts'];
    const text = await Promise.all(
      files.map((file) => textOf(`packages/learning/src/losses/${file}`)),
    );
    expect(text[1]).toContain(wordsIn(monai)[0]);
    expect(text.join('')).toContain(paper);
  });
});

describe('the table of optimizers', () => {
  const rows = rowsOf<OptimizerSpec>('Optimizers');

  it('has a row for each that a job can name, in their order', () => {
    expect(rows.map(({ said }) => said.kind)).toEqual(OPTIMIZER_KINDS);
  });

  it.each(rows)('says all that a job may say of $said.kind, and what stands else', (row) => {
    const { said, cells } = row;
    expect(optimizerSchema.parse({ kind: said.kind })).toEqual(said);
    const settings = Object.keys(OPTIMIZER_TERMS[said.kind].schema.shape);
    expect([...Object.keys(said), ...wordsIn(cells[1] ?? '')].sort()).toEqual(settings.sort());
  });

  it.each(rows)('names the paper that the row of $said.kind names', async ({ cells }) => {
    const text = await textOf('packages/job/src/optimizer-terms.ts');
    expect(text).toContain(cells[2]);
  });
});

describe('the table of patches', () => {
  const rows = rowsOf<SamplingSpec>('Patches');

  it('has a row for each sampling that a job can name, in their order', () => {
    expect(rows.map(({ said }) => said.kind)).toEqual(Object.keys(SAMPLING_TERMS));
  });

  it.each(rows)(
    'says all that a job may say of $said.kind, as whom, and what stands else',
    async (row) => {
      const { said, cells } = row;
      expect(samplingSchema.parse({ kind: said.kind })).toEqual(said);
      const settings = Object.keys(SAMPLING_TERMS[said.kind].schema.shape);
      expect(Object.keys(said).sort()).toEqual(settings.sort());
      const [model = ''] = cells;
      expect(await textOf('packages/job/src/patches.ts')).toContain(model);
    },
  );
});

describe('the table of statistics', () => {
  const [, section = ''] = document.split('\n## Statistics\n');
  const rows = [...section.matchAll(/^\| `(\w+)` \| (.*) \|$/gm)].map(
    ([, statistics = '', rest = '']) => ({ statistics, cells: rest.split(' | ') }),
  );
  const training = trainingSchema.parse({ batchSize: 2 });
  const encodings = ENCODING_KINDS.map((kind) =>
    encodingSchema.parse({ kind, ...(kind === 'top-k' && { fraction: 0.1 }) }),
  );
  const networkOf = (statistics: string) =>
    networkSchema.parse({
      ...{ kind: 'unet', channels: [2, 4], strides: [2] },
      norm: { kind: 'batch', statistics },
    });
  const isTaken = (statistics: string, kind: string, encoding?: EncodingSpec) => {
    const federation = { strategy: { kind } as StrategySpec, encoding };
    return (
      statisticsConditions({ network: networkOf(statistics), training, federation }).length === 0
    );
  };
  const orAny = (taken: readonly string[], all: readonly string[]) =>
    taken.length === all.length ? [] : [...taken].sort();

  it('has a row for each that a job can say, in their order', () => {
    expect(rows.map(({ statistics }) => statistics)).toEqual(STATISTICS);
  });

  it.each(rows)('says with what $statistics is taken', ({ statistics, cells }) => {
    const [, strategyCell = '', encodingCell = ''] = cells;
    const strategies = STRATEGY_KINDS.filter((kind) => isTaken(statistics, kind));
    expect(wordsIn(strategyCell).sort()).toEqual(orAny(strategies, STRATEGY_KINDS));
    const [strategy = ''] = strategies;
    const taken = encodings.filter((encoding) => isTaken(statistics, strategy, encoding));
    const kinds = taken.map(({ kind }) => kind);
    expect(wordsIn(encodingCell).sort()).toEqual(orAny(kinds, ENCODING_KINDS));
    for (const cell of [strategyCell, encodingCell]) {
      expect(cell === 'any').toBe(wordsIn(cell).length === 0);
    }
  });
});

describe('the table of schedules', () => {
  const rows = rowsOf<ScheduleSpec>('Schedules');

  it('has a row for each that a job can name, in their order', () => {
    expect(rows.map(({ said }) => said.kind)).toEqual(Object.keys(SCHEDULES));
  });

  it.each(rows)(
    'says all that a job may say of $said.kind, and what stands else',
    ({ said, cells }) => {
      const needed = said.kind === 'step' ? { every: said.every } : {};
      expect(scheduleSchema.parse({ kind: said.kind, ...needed })).toEqual(said);
      const settings = Object.keys(SCHEDULES[said.kind].schema.shape);
      expect([...Object.keys(said), ...wordsIn(cells[1] ?? '')].sort()).toEqual(settings.sort());
    },
  );

  it.each(rows)("names PyTorch's that the row of $said.kind names", async ({ said, cells }) => {
    if (said.kind === 'constant') return;
    expect(await textOf('packages/job/src/schedule.ts')).toContain(`${wordsIn(cells[0] ?? '')[0]}`);
  });
});
