import { readFile } from 'node:fs/promises';
import {
  fewestSites,
  networkSchema,
  STRATEGY_KINDS,
  STRATEGY_TERMS,
  type StrategySpec,
  strategySchema,
  trainingSchema,
  unmetConditions,
} from '@fedvox/job';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { REPOSITORY, readDocument } from '../support/documents.js';

/** A row of the table of strategies, cell by cell. */
const rows = [
  ...(await readDocument('docs/strategies.md')).matchAll(/^\| `(\{ kind: .*\})` \| (.*) \|$/gm),
].map(([, said = '', rest = '']) => {
  const [needs = '', wire = '', kept = '', refused = '', paper = ''] = rest.split(' | ');
  return { said: parse(said) as StrategySpec, needs, wire, kept, refused, paper };
});

/** Where a job may choose by what updates count; said below the table. */
const CHOICE = 'weights';

const isRequired = (said: StrategySpec, word: string) =>
  !strategySchema.safeParse({ ...said, [word]: undefined }).success;

describe('the table of strategies', () => {
  it('has a row for each that a job can name, in their order', () => {
    expect(rows.map(({ said }) => said.kind)).toEqual(STRATEGY_KINDS);
  });

  it.each(rows)(
    'says all that a job may say of $said.kind, with what stands where it is silent',
    ({ said }) => {
      const { schema } = STRATEGY_TERMS[said.kind];
      expect(strategySchema.parse(said)).toEqual(said);
      const words = Object.keys(schema.shape).filter((word) => word !== CHOICE);
      expect(Object.keys(said).sort()).toEqual(words.sort());
      const required = Object.entries(said).filter(([word]) => isRequired(said, word));
      expect(strategySchema.parse(Object.fromEntries(required))).toEqual(said);
    },
  );

  it.each(rows)('says what $said.kind needs of a site', ({ said, needs, wire }) => {
    const { weights, localSteps, dice, keeps, everySite } = STRATEGY_TERMS[said.kind].needs;
    expect(needs.includes('FedAvg weight')).toBe(weights);
    expect(wire === 'nothing').toBe(!localSteps);
    expect(needs.includes('Dice')).toBe(dice);
    expect(needs.includes('its state folder')).toBe(keeps !== 'nothing');
    expect(needs.includes('every round')).toBe(everySite);
  });

  it.each(rows)('says where $said.kind is refused', ({ said, refused }) => {
    const fewest = fewestSites(said);
    const few = fewest > 1 ? ['minSites'] : [];
    if (fewest > 1) expect(refused).toBe(`\`minSites\` is below ${fewest}`);
    const training = trainingSchema.parse({ batchSize: 1, clipNorm: 1 });
    const network = networkSchema.parse({ kind: 'unet', channels: [2, 4], strides: [2] });
    const unmet = unmetConditions({ network, training, federation: { strategy: said } });
    const places = [...refused.matchAll(/`([\w.]+)`/g)].map(([, place]) => place);
    expect(places).toEqual([...few, ...unmet.map(({ path }) => path.join('.'))]);
    expect(refused === 'nowhere').toBe(places.length === 0);
  });

  it.each(rows)('names the paper that $said.kind’s own file names', async ({ said, paper }) => {
    const file = `${REPOSITORY}packages/aggregation/src/strategies/${said.kind}.ts`;
    const text = (await readFile(file, 'utf8')).replaceAll(/\n \* /g, ' ');
    expect(text).toContain(paper);
  });
});
