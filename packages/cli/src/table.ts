import { printableLine } from '@fedvox/base';

/** Digits with what stands between and around them, or a dash: such columns are set to the right. */
const FIGURES = /^[\d\s.,/*-]*$/;

/** Columns as wide as their widest cell: figures to the right, names to the left. */
export function table(head: readonly string[], content: readonly (readonly string[])[]): string {
  const rows = content.map((cells) => cells.map(printableLine));
  const columns = head.map((title, index) => {
    const cells = rows.map((row) => row[index] ?? '');
    const width = Math.max(title.length, ...cells.map((cell) => cell.length));
    return { width, toTheRight: index > 0 && cells.every((cell) => FIGURES.test(cell)) };
  });
  const line = (cells: readonly string[]) =>
    columns
      .map(({ width, toTheRight }, index) => {
        const cell = cells[index] ?? '';
        return toTheRight ? cell.padStart(width) : cell.padEnd(width);
      })
      .join('  ')
      .trimEnd();
  return [
    line(head),
    columns.map(({ width }) => '-'.repeat(width)).join('  '),
    ...rows.map(line),
  ].join('\n');
}
