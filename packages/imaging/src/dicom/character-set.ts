/** WHATWG names of the single sets of PS3.3 C.12.1.1.2, by their registration (`ISO_IR n`, `ISO 2022 IR n`). */
const ENCODING_BY_REGISTRATION: Readonly<Record<string, string>> = {
  '6': 'windows-1252',
  '100': 'windows-1252',
  '101': 'iso-8859-2',
  '109': 'iso-8859-3',
  '110': 'iso-8859-4',
  '144': 'iso-8859-5',
  '127': 'iso-8859-6',
  '126': 'iso-8859-7',
  '138': 'iso-8859-8',
  '148': 'windows-1254',
  '203': 'iso-8859-15',
  '166': 'windows-874',
  '13': 'shift_jis',
  '192': 'utf-8',
};

/** Sets that an escape sequence switches to, and the encoding that has the same bytes. */
const ENCODING_AFTER_ESCAPE: readonly (readonly [registration: string, encoding: string])[] = [
  ['87', 'iso-2022-jp'],
  ['159', 'iso-2022-jp'],
  ['149', 'euc-kr'],
  ['58', 'gb18030'],
];

const ESCAPE = 0x1b;
/** ISO 2022's designations of G1, which the encodings above take for granted. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: an escape sequence begins with one
const DESIGNATION = /\x1b(\$\)[AC]|-[A-Z])/g;

/**
 * Text as it was written: bytes of a value in the file's SpecificCharacterSet. Where that is absent
 * or unknown and the bytes are not ASCII, UTF-8 is tried before Latin-1.
 */
export function decodeText(bytes: Uint8Array, characterSet: string | undefined): string {
  const terms = (characterSet ?? '').split('\\').map((term) => term.trim());
  const registrations = terms.map((term) => /^ISO(?:_IR| 2022 IR) (\d+)$/.exec(term)?.[1]);
  const [first] = terms;
  if (bytes.includes(ESCAPE)) {
    const switched = ENCODING_AFTER_ESCAPE.find(([number]) => registrations.includes(number));
    if (switched !== undefined) return decodeSwitched(bytes, switched[1]);
  }
  const known = ENCODING_BY_REGISTRATION[registrations[0] ?? ''];
  if (known !== undefined) return new TextDecoder(known).decode(bytes);
  if (first === 'GB18030' || first === 'GBK') return new TextDecoder('gb18030').decode(bytes);
  return decodeUndeclared(bytes);
}

function decodeSwitched(bytes: Uint8Array, encoding: string): string {
  if (encoding === 'iso-2022-jp') return new TextDecoder(encoding).decode(bytes);
  const plain = Buffer.from(bytes).toString('latin1').replace(DESIGNATION, '');
  return new TextDecoder(encoding).decode(Buffer.from(plain, 'latin1'));
}

function decodeUndeclared(bytes: Uint8Array): string {
  const text = new TextDecoder('utf-8').decode(bytes);
  return text.includes('\ufffd') ? new TextDecoder('windows-1252').decode(bytes) : text;
}
