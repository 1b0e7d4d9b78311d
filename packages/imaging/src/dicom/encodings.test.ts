import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openDataset } from '../datasets/dataset.js';
import { loadCase } from '../datasets/load-case.js';
import { joined, VARIANTS } from '../testing/part10-variants.js';
import { CLASSES, writePhantomCase } from '../testing/phantom-case.js';
import { temporaryFolder } from '../testing/temporary-folder.js';
import { framesOf } from './frame.js';
import { parseDicom } from './part10.js';

/** A phantom's series and SEG, each file changed. */
async function phantomAs(change: (file: Buffer) => Buffer) {
  const folder = await temporaryFolder();
  const { image, label } = await writePhantomCase(folder);
  const names = (await readdir(join(folder, 'mr'))).map((name) => join('mr', name));
  for (const name of [...names, 'seg.dcm']) {
    const path = join(folder, name);
    await writeFile(path, change(await readFile(path)));
  }
  return { folder, image, label, first: join(folder, names[0] as string) };
}

describe('a file whose bytes show how they are encoded', () => {
  it.each(Object.entries(VARIANTS))('is read with its label: %s', async (_, change) => {
    const { folder, image, label } = await phantomAs(change);
    const { cases, refused } = await openDataset({ kind: 'dicom', path: folder }, CLASSES);
    expect(refused).toEqual([]);
    const read = await loadCase(cases[0]!, CLASSES);
    expect(read.image.data).toEqual(image.data);
    expect(read.label!.data).toEqual(label.data);
  });

  it('is read whatever its deflated bytes begin with', async () => {
    // A note in front changes the first bytes of the stream: some begin like an element, of any length.
    const { first } = await phantomAs((file) => file);
    const sound = await readFile(first);
    const deflated = VARIANTS['deflated'] as (file: Buffer) => Buffer;
    for (let length = 0; length < 400; length += 2) {
      const note = Buffer.alloc(8 + length, length & 0xff);
      note.write('\x08\0\x01\0ST', 'latin1'); // (0008,0001), of a length that changes
      note.writeUInt16LE(length, 6);
      const noted = deflated(
        joined(sound, '1.2.840.10008.1.2.1', (data) => Buffer.concat([note, data])),
      );
      expect(framesOf(parseDicom('x', noted))).toHaveLength(1);
    }
  });
});

describe('a file whose bytes cannot be what it says', () => {
  const encapsulated = (file: Buffer) => {
    const at = file.lastIndexOf(Buffer.from('e07f1000', 'hex'));
    const head = Buffer.concat([file.subarray(at, at + 8), Buffer.from('ffffffff', 'hex')]);
    const items = Buffer.from('feff00e000000000feffdde000000000', 'hex');
    return Buffer.concat([file.subarray(0, at), head, items]);
  };

  it.each([
    [
      'compressed pixels declared plain',
      (file: Buffer) => file,
      /compressed, though it says Explicit/,
    ],
    [
      'compressed pixels of an undeclared codec',
      (file: Buffer) => joined(file, undefined),
      /lacks TransferSyntaxUID/,
    ],
  ])('is refused for that: %s', async (_, change, reason) => {
    const { first } = await phantomAs((file) => file);
    const file = change(encapsulated(await readFile(first)));
    expect(() => parseDicom('x', file)).toThrow(reason);
  });

  it('is refused where what is deflated does not inflate', async () => {
    const { first } = await phantomAs((file) => file);
    const file = joined(await readFile(first), '1.2.840.10008.1.2.1.99', () =>
      Buffer.alloc(40, 0xff),
    );
    expect(() => parseDicom('x', file)).toThrow(/does not inflate/);
  });
});
