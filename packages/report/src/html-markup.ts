import { escapeText } from '@fedvox/charts';

/** Markup that is safe to stand in a page: made here, of escaped text, and of nothing else. */
export type Html = string & { readonly isHtml: true };

const asHtml = (text: string) => text as Html;

/** A page's markup; what stands between is escaped unless it is markup already. */
export function html(parts: TemplateStringsArray, ...values: (string | Raw)[]): Html {
  const written = values.map((value) =>
    typeof value === 'string' ? escapeText(value) : value.html,
  );
  return asHtml(parts.map((part, index) => part + (written[index] ?? '')).join(''));
}

interface Raw {
  readonly html: string;
}

/** Markup within markup. */
export function raw(...markup: readonly string[]): Raw {
  return { html: markup.join('\n') };
}

/** What each term is. */
export function termList(facts: readonly (readonly [term: string, value: Html])[]): Html {
  const list = facts.map(([term, value]) => html`<dt>${term}</dt><dd>${raw(value)}</dd>`);
  return html`<dl>
${raw(...list)}
</dl>`;
}

/** A cell that is one of a column of numbers, or text. */
export interface Column {
  readonly title: string;
  readonly isNumber?: boolean;
}

/**
 * A table; each row begins with what it is about.
 * @param name for those who don't see the heading above it
 * @param marked the row to point out
 */
export function dataTable(
  name: string,
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  marked?: number,
): Html {
  const kind = (index: number) => raw(columns[index]?.isNumber ? ' class="number"' : '');
  const head = columns.map(({ title }, index) => html`<th scope="col"${kind(index)}>${title}</th>`);
  const body = rows.map((row, at) => {
    const cells = row.map((cell, index) =>
      index === 0
        ? html`<th scope="row"${kind(index)}>${cell}</th>`
        : html`<td${kind(index)}>${cell}</td>`,
    );
    return html`<tr${raw(at === marked ? ' class="marked"' : '')}>${raw(cells.join(''))}</tr>`;
  });
  return html`<div class="table" tabindex="0" role="region" aria-label="${name}"><table>
<thead><tr>${raw(head.join(''))}</tr></thead>
<tbody>
${raw(...body)}
</tbody></table></div>`;
}
