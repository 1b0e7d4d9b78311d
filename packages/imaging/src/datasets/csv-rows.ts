/** A row of a table as text, by the number of the line that it begins on, from 1. */
export interface CsvRow {
  readonly line: number;
  readonly cells: readonly string[];
}

/** What stands between cells: what the first line has most of. */
const DELIMITERS = [',', ';', '\t'] as const;
const BYTE_ORDER_MARK = '\ufeff';

/**
 * The rows of a CSV file (RFC 4180), those that are empty left out. Spreadsheets of many languages write semicolons or tabs.
 * @returns undefined where a quote is never closed
 */
export function csvRows(text: string): readonly CsvRow[] | undefined {
  const source = text.startsWith(BYTE_ORDER_MARK) ? text.slice(1) : text;
  const [first = ''] = source.split(/\r?\n/, 1);
  const count = (delimiter: string) => first.split(delimiter).length;
  const [delimiter] = [...DELIMITERS].sort((a, b) => count(b) - count(a));
  const rows: CsvRow[] = [];
  let [line, began, cell, isQuoted] = [1, 1, '', false];
  let cells: string[] = [];
  const endRow = () => {
    cells.push(cell.trim());
    if (cells.some((each) => each !== '')) rows.push({ line: began, cells });
    [cells, cell, began] = [[], '', line];
  };
  for (let at = 0; at < source.length; at++) {
    const character = source[at] as string;
    if (character === '\n') line++;
    if (isQuoted) {
      if (character !== '"') cell += character;
      else if (source[at + 1] === '"') cell += source[++at];
      else isQuoted = false;
    } else if (character === '"' && cell.trim() === '') {
      [isQuoted, cell] = [true, ''];
    } else if (character === delimiter) {
      cells.push(cell.trim());
      cell = '';
    } else if (character === '\n') endRow();
    else cell += character;
  }
  if (isQuoted) return undefined;
  endRow();
  return rows;
}
