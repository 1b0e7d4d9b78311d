import { readFile } from 'node:fs/promises';
import {
  divisorText,
  NETWORK_KINDS,
  NETWORK_TERMS,
  type NetworkSpec,
  networkSchema,
  sizeDivisor,
} from '@fedvox/job';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { REPOSITORY, readDocument } from '../support/documents.js';

/** A row of the table of networks, cell by cell. */
const rows = [
  ...(await readDocument('docs/networks.md')).matchAll(/^\| `(\{ kind: .*\})` \| (.*) \|$/gm),
].map(([, said = '', rest = '']) => {
  const [monai = '', multiples = '', paper = ''] = rest.split(' | ');
  return { said: parse(said) as NetworkSpec, monai, multiples, paper };
});

describe('the table of networks', () => {
  it('has a row for each that a job can name, in their order', () => {
    expect(rows.map(({ said }) => said.kind)).toEqual(NETWORK_KINDS);
  });

  it.each(rows)('says all that a job may say of $said.kind', ({ said, multiples }) => {
    expect(networkSchema.parse(said)).toEqual(said);
    expect(Object.keys(said)).toEqual(Object.keys(NETWORK_TERMS[said.kind].schema.shape));
    expect(multiples).toBe(divisorText(sizeDivisor(said)));
  });

  it.each(rows)('names the class and the paper that $said.kind’s own file names', async (row) => {
    const file = `${REPOSITORY}packages/learning/src/networks/${row.said.kind}.ts`;
    const text = (await readFile(file, 'utf8')).replaceAll(/\n \* /g, ' ');
    expect(text).toContain(`monai.networks.nets.${row.monai.replaceAll('`', '')}`);
    const [author = '', place = ''] = row.paper.split(', ');
    expect(text).toContain(author);
    expect(text).toContain(place);
  });
});
