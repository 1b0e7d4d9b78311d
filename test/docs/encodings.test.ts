import { readFile } from 'node:fs/promises';
import {
  ENCODING_KINDS,
  ENCODING_TERMS,
  type EncodingSpec,
  encodingSchema,
  jobSchema,
  type StrategySpec,
} from '@fedvox/job';
import { encodedLayout } from '@fedvox/weights';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { REPOSITORY, readDocument } from '../support/documents.js';
import { tinyJob } from '../support/federation.js';

/** A row of the table of encodings, cell by cell. */
const rows = [
  ...(await readDocument('docs/encodings.md')).matchAll(/^\| `(\{ kind: .*\})` \| (.*) \|$/gm),
].map(([, said = '', rest = '']) => {
  const [part = '', off = '', kept = '', refused = '', paper = ''] = rest.split(' | ');
  return { said: parse(said) as EncodingSpec, part, off, kept, refused, paper };
});

/** As the table of strategies has them, each with all that a job must say. */
const strategies = [
  ...(await readDocument('docs/strategies.md')).matchAll(/^\| `(\{ kind: .*?\})` \|/gm),
].map(([, said = '']) => parse(said) as StrategySpec);

/** Large enough that headers and scales count for nothing. */
const TENSORS = [{ name: 'w', shape: [64, 65_536] }];
const bytesOf = (encoding: EncodingSpec) => encodedLayout(TENSORS, encoding).layout.byteLength;
const FEWEST = 10;

describe('the table of encodings', () => {
  it('has a row for each that a job can name, in their order', () => {
    expect(rows.map(({ said }) => said.kind)).toEqual(ENCODING_KINDS);
  });

  it.each(rows)('says all that a job may say of $said.kind, and what stands else', ({ said }) => {
    const { schema, keepsResidual } = ENCODING_TERMS[said.kind];
    expect(Object.keys(said).sort()).toEqual(Object.keys(schema.shape).sort());
    expect(encodingSchema.parse({ kind: said.kind })).toEqual(said);
    const { kept } = rows.find((row) => row.said.kind === said.kind)!;
    expect(kept).toBe(keepsResidual ? 'what was left' : 'nothing');
  });

  it.each(rows)('says how large $said.kind is', ({ said, part }) => {
    const [numerator = 1, denominator = 1] = (part.split(' ')[0] ?? '').split('/').map(Number);
    const fraction = part.includes('fraction') && 'fraction' in said ? said.fraction : 1;
    const expected = (numerator / denominator) * fraction;
    expect(bytesOf(said) / bytesOf({ kind: 'float32' }) / expected).toBeCloseTo(1, 3);
  });

  it.each(rows)('names the strategies that $said.kind is refused with', ({ said, refused }) => {
    const isRefused = (strategy: StrategySpec) => {
      const { federation, ...job } = tinyJob({ minSites: FEWEST, encoding: said });
      const result = jobSchema.safeParse({ ...job, federation: { ...federation, strategy } });
      return result.error?.issues.some(({ path }) => path.join('.') === 'federation.encoding');
    };
    const named = [...refused.matchAll(/`([^`]+)`/g)].map(([, kind]) => kind);
    expect(strategies.filter(isRefused).map(({ kind }) => kind)).toEqual(named);
  });

  it.each(rows)('names the paper that $said.kind’s own file names', async ({ said, paper }) => {
    if (paper === '–') return;
    const file = `${REPOSITORY}packages/weights/src/encodings/`;
    const own = await readFile(`${file}${said.kind}.ts`, 'utf8');
    const text = `${own}${await readFile(`${file}residual.ts`, 'utf8')}`.replaceAll(/\n \* /g, ' ');
    expect(text).toContain(paper);
  });
});
