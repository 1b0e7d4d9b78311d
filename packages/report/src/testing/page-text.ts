/** A page's text, cell by cell. */
export const textOf = (markup: string): string =>
  markup
    .replace(/<(style|svg)[\s\S]*?<\/\1>/g, '')
    .replace(/<[^>]+>/g, '|')
    .replace(/\|[|\s]*/g, '|');
