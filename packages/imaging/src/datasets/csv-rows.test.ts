import { describe, expect, it } from 'vitest';
import { csvRows } from './csv-rows.js';

const cellsOf = (text: string) => csvRows(text)?.map(({ cells }) => cells);

describe('the rows of a CSV file', () => {
  it('are known by the line that they begin on, without those that are empty', () => {
    expect(csvRows('a,b\r\n\r\n"1\n2",3\n , \nx,y')).toEqual([
      { line: 1, cells: ['a', 'b'] },
      { line: 3, cells: ['1\n2', '3'] },
      { line: 6, cells: ['x', 'y'] },
    ]);
  });

  it('have cells between commas, or what the first line has more of: semicolons, tabs', () => {
    expect(cellsOf('a;b\n1,5;2')).toEqual([
      ['a', 'b'],
      ['1,5', '2'],
    ]);
    expect(cellsOf('a\tb\n1\t2')).toEqual([
      ['a', 'b'],
      ['1', '2'],
    ]);
  });

  it('may quote what a cell could not hold, and begin with a mark of their encoding', () => {
    expect(cellsOf('\ufeffa,b\n"x, ""y""", z ')).toEqual([
      ['a', 'b'],
      ['x, "y"', 'z'],
    ]);
  });

  it('are none where a quote is never closed', () => {
    expect(csvRows('a,b\n"1,2\n')).toBeUndefined();
  });
});
