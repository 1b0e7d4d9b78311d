import { describe, expect, it } from 'vitest';
import { compressedPhantoms } from '../testing/fuzz/compressed-phantoms.js';
import { framesOf } from './frame.js';
import { parseDicom } from './part10.js';

const ROWS_AND_COLUMNS = [Buffer.from('280010005553', 'hex'), Buffer.from('280011005553', 'hex')];

describe('compressed pixels', () => {
  it('of far more pixels than their bytes can hold are refused from the header', async () => {
    const specimen = (await compressedPhantoms()).find(({ name }) => name.startsWith('jpeg'));
    const file = Buffer.from([...specimen!.files.values()][0]!);
    expect(framesOf(parseDicom('sound', file))).toHaveLength(1);
    for (const tag of ROWS_AND_COLUMNS) file.writeUInt16LE(60_000, file.indexOf(tag) + 8);
    expect(() => framesOf(parseDicom('forged', file))).toThrow(/cannot be the compressed pixels/);
  });
});
