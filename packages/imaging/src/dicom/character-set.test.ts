import { describe, expect, it } from 'vitest';
import { decodeText } from './character-set.js';

/** Bytes as PS3.5 annexes H, I and K print them, and as ISO 8859 and UTF-8 define them. */
const EXAMPLES = [
  ['ISO_IR 100', '4cf6 7375 6e67', 'Lösung'],
  ['ISO_IR 192', '4cc3b6 7375 6e67', 'Lösung'],
  ['ISO_IR 144', 'bfdeddd5d4d0', 'Понеда'],
  ['ISO_IR 126', 'c4e9eff5f3ef', 'Διουσο'],
  ['GB18030', 'cdf5', '王'],
  ['\\ISO 2022 IR 87', '59616d616461 5e 1b2442 3b33 4544 1b2842', 'Yamada^山田'],
  ['\\ISO 2022 IR 149', '486f6e67 5e 1b2429 43 fbf3', 'Hong^洪'],
  [undefined, '4cf67375', 'Lösu'],
  [undefined, '4cc3b67375', 'Lösu'],
  ['nonsense', '4c65626572', 'Leber'],
] as const;

describe('text in a character set of DICOM', () => {
  it.each(EXAMPLES)('%s: %s is %s', (characterSet, hex, text) => {
    expect(decodeText(Buffer.from(hex.replaceAll(' ', ''), 'hex'), characterSet)).toBe(text);
  });
});
