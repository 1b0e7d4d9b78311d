/** Attributes of an element, in the order in which they are written; undefined ones are left out. */
type Attributes = Readonly<Record<string, string | number | undefined>>;

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};
/** Characters that no XML 1.0 document may hold, escaped or not. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are the ones that are taken out
const NOT_XML = /[\u0000-\u0008\u000B\u000C\u000E-\u001F\u007F\uFFFE\uFFFF]|\p{Surrogate}/gu;

/** Text as it may stand in XML or HTML, in an element or between quotes. */
export function escapeText(text: string): string {
  return text.replace(NOT_XML, '\uFFFD').replace(/[&<>"']/g, (each) => ENTITIES[each] as string);
}

/** @param content markup, escaped already */
export function element(name: string, attributes: Attributes, ...content: string[]): string {
  const written = Object.entries(attributes)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => ` ${key}="${attribute(value as string | number)}"`);
  const open = `<${name}${written.join('')}`;
  return content.length === 0 ? `${open}/>` : `${open}>${content.join('')}</${name}>`;
}

function attribute(value: string | number): string {
  return typeof value === 'number' ? coordinate(value) : escapeText(value);
}

/** A tenth of a pixel is finer than any screen or printer shows, and the same text on every machine. */
export function coordinate(pixels: number): string {
  const tenths = Math.round(pixels * 10) + 0;
  const digit = tenths % 10;
  if (digit === 0 || !Number.isSafeInteger(tenths)) return String(tenths / 10);
  // A chart is made of thousands of them, and whole numbers are written several times as fast.
  const sign = tenths < 0 ? '-' : '';
  return `${sign}${Math.trunc(Math.abs(tenths) / 10)}.${Math.abs(digit)}`;
}

/** A point of a path or a polygon. */
export function pair(x: number, y: number): string {
  return `${coordinate(x)},${coordinate(y)}`;
}
