/**
 * What commands a terminal or a reader's eye instead of being read: control characters (C0, DEL, C1),
 * Unicode's marks that turn text around, and its own line ends.
 */
const COMMANDS = /[\p{Cc}\p{Bidi_Control}\p{Zl}\p{Zp}]/gu;
const LAYOUT = '\n\t';

/**
 * The text with each of those written as JSON writes it (`\u001b`), but line ends and tabs, which are
 * ours. JSON stays the same JSON. Names in scans, peers' words and errors come through here.
 */
export function printable(text: string): string {
  return text.replace(COMMANDS, (character) =>
    LAYOUT.includes(character) ? character : escaped(character),
  );
}

/** The same where a line end or a tab cannot be ours either: a name, a cell of a table. */
export function printableLine(text: string): string {
  return text.replace(COMMANDS, escaped);
}

function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
