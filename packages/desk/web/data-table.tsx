import type { ComponentChildren } from 'preact';

export interface TableColumn {
  readonly title: string;
  readonly isNumber?: boolean;
}

interface TableRow {
  readonly key: string;
  readonly cells: readonly ComponentChildren[];
  readonly isMarked?: boolean;
}

interface DataTableProps {
  /** For those who don't see the heading above it. */
  readonly name: string;
  readonly columns: readonly TableColumn[];
  readonly rows: readonly TableRow[];
  /** Said where there is no row. */
  readonly empty?: string;
}

/** A table that scrolls by itself; each row begins with what it is about. */
export function DataTable({ name, columns, rows, empty }: DataTableProps) {
  if (rows.length === 0 && empty !== undefined) return <p class="note">{empty}</p>;
  const look = (index: number) => (columns[index]?.isNumber ? 'number' : undefined);
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keyboard
    <section class="table" tabIndex={0} aria-label={name}>
      <table>
        <thead>
          <tr>
            {columns.map(({ title }, index) => (
              <th key={title} scope="col" class={look(index)}>
                {title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map(({ key, cells, isMarked }) => (
            <tr key={key} class={isMarked ? 'marked' : undefined}>
              {cells.map((cell, index) =>
                index === 0 ? (
                  <th key={columns[index]?.title} scope="row" class={look(index)}>
                    {cell}
                  </th>
                ) : (
                  <td key={columns[index]?.title} class={look(index)}>
                    {cell}
                  </td>
                ),
              )}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
