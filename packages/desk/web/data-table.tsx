import { Component, type ComponentChildren, isValidElement } from 'preact';
import { useRef } from 'preact/hooks';

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
export function DataTable({ name, columns: told, rows, empty }: DataTableProps) {
  const kept = useRef(told);
  if (!areAlike(kept.current, told, sameProps)) kept.current = told;
  const columns = kept.current;
  if (rows.length === 0 && empty !== undefined) return <p class="note">{empty}</p>;
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keyboard
    <section class="table" tabIndex={0} aria-label={name}>
      <table>
        <thead>
          <tr>
            {columns.map((column) => (
              <th key={column.title} scope="col" class={lookOf(column)}>
                {column.title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map(({ key, cells, isMarked }) => (
            <Row key={key} columns={columns} cells={cells} isMarked={isMarked === true} />
          ))}
        </tbody>
      </table>
    </section>
  );
}

const lookOf = (column: TableColumn | undefined) => (column?.isNumber ? 'number' : undefined);

interface RowProps extends Required<Omit<TableRow, 'key'>> {
  readonly columns: readonly TableColumn[];
}

/** Of hundreds of rows that are told again, those are gone through whose cells say something else. */
class Row extends Component<RowProps> {
  override shouldComponentUpdate({ columns, cells, isMarked }: RowProps): boolean {
    const { props } = this;
    const isSame = columns === props.columns && isMarked === props.isMarked;
    return !isSame || !areAlike(props.cells, cells, sameCell);
  }

  override render({ columns, cells, isMarked }: RowProps) {
    return (
      <tr class={isMarked ? 'marked' : undefined}>
        {cells.map((cell, index) =>
          index === 0 ? (
            <th key={columns[index]?.title} scope="row" class={lookOf(columns[index])}>
              {cell}
            </th>
          ) : (
            <td key={columns[index]?.title} class={lookOf(columns[index])}>
              {cell}
            </td>
          ),
        )}
      </tr>
    );
  }
}

function areAlike<T>(before: readonly T[], now: readonly T[], same: (a: T, b: T) => boolean) {
  return before.length === now.length && now.every((each, at) => same(before[at] as T, each));
}

/** The same text, or the same part with the same properties. */
function sameCell(before: ComponentChildren, now: ComponentChildren): boolean {
  if (before === now) return true;
  if (!isValidElement(before) || !isValidElement(now)) return false;
  return before.type === now.type && sameProps(before.props, now.props);
}

function sameProps(before: object, now: object): boolean {
  const entries = Object.entries(now);
  const known = before as Readonly<Record<string, unknown>>;
  return (
    entries.length === Object.keys(before).length &&
    entries.every(([key, value]) => key in known && known[key] === value)
  );
}
