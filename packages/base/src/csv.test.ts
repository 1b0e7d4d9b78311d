import { expect, it } from 'vitest';
import { csvText } from './csv.js';

it('CSV quotes what would end a cell, and leaves empty what is not there', () => {
  expect(csvText([['a,b', 'say "so"', 'two\nlines', null, 0.5]])).toBe(
    '"a,b","say ""so""","two\nlines",,0.5\r\n',
  );
});

it('CSV has no formulas, and numbers below 0', () => {
  expect(csvText([['=1+1', '@SUM(A1)', '\t=1', -1.5, 'a=b']])).toBe(
    "'=1+1,'@SUM(A1),'\t=1,-1.5,a=b\r\n",
  );
});
