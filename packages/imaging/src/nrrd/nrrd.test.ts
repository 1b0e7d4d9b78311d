import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { orientation } from '../geometry/grid.js';
import { temporaryFolder } from '../testing/temporary-folder.js';
import { readNrrd } from './read.js';

const VALUES = [0, -1, 300, 7, 32767, -32768];

function header(fields: Readonly<Record<string, string | undefined>> = {}, newline = '\n'): string {
  const all: Record<string, string | undefined> = {
    type: 'short',
    dimension: '3',
    space: 'left-posterior-superior',
    sizes: '3 1 2',
    'space directions': '(2,0,0) (0,1.5,0) (0,0,3)',
    endian: 'little',
    encoding: 'raw',
    'space origin': '(10,20,30)',
    ...fields,
  };
  const lines = Object.entries(all).flatMap(([key, value]) =>
    value === undefined ? [] : [`${key}: ${value}`],
  );
  return ['NRRD0005', '# a comment: not a field', ...lines, 'some key:=some value', '', ''].join(
    newline,
  );
}

function samples(bigEndian = false): Buffer {
  const bytes = Buffer.alloc(2 * VALUES.length);
  for (const [index, value] of VALUES.entries()) {
    if (bigEndian) bytes.writeInt16BE(value, 2 * index);
    else bytes.writeInt16LE(value, 2 * index);
  }
  return bytes;
}

async function read(text: string, data: Uint8Array = samples()) {
  const path = join(await temporaryFolder(), 'volume.nrrd');
  await writeFile(path, Buffer.concat([Buffer.from(text, 'latin1'), data]));
  return readNrrd(path);
}

describe('a NRRD file', () => {
  it.each([
    ['raw', header(), samples()],
    ['gzip', header({ encoding: 'gzip' }), gzipSync(samples())],
    [
      'gz, in two members',
      header({ encoding: 'gz' }),
      Buffer.concat([gzipSync(samples().subarray(0, 5)), gzipSync(samples().subarray(5))]),
    ],
    ['big endian', header({ endian: 'big' }), samples(true)],
    [
      'words in any case',
      header({ encoding: 'RAW', endian: 'Little', type: 'Short', space: 'lps' }),
      samples(),
    ],
    [
      'in centimetres',
      header({
        'space units': '"cm" "cm" "cm"',
        'space directions': '(.2,0,0) (0,.15,0) (0,0,.3)',
        'space origin': '(1,2,3)',
      }),
      samples(),
    ],
    ['with lines that end as on Windows', header({}, '\r\n'), samples()],
  ])('%s: gives its values and its place, LPS turned to RAS', async (_, text, data) => {
    const volume = await read(text, data);
    expect([...volume.data]).toEqual(VALUES);
    expect(volume.shape).toEqual([3, 1, 2]);
    const placed = [-2, 0, 0, -10, 0, -1.5, 0, -20, 0, 0, 3, 30, 0, 0, 0, 1];
    expect(volume.affineRas).toEqual(placed.map((value) => expect.closeTo(value, 12)));
  });

  const noise = Buffer.from('a line\nanother, and 7 more: \x00\n', 'latin1');
  const { length } = noise;

  it.each([
    ['bytes', { 'byte skip': `${length}` }, Buffer.concat([noise, samples()])],
    ['all but the last bytes', { 'byte skip': '-1' }, Buffer.concat([noise, samples()])],
    ['lines', { 'line skip': '2' }, Buffer.concat([noise, samples()])],
    [
      'a line, then bytes',
      { 'line skip': '1', 'byte skip': `${length - 7}` },
      Buffer.concat([noise, samples()]),
    ],
    [
      'decompressed bytes',
      { encoding: 'gzip', 'byte skip': `${length}` },
      gzipSync(Buffer.concat([noise, samples()])),
    ],
    [
      'a line before what is compressed',
      { encoding: 'gzip', 'line skip': '2' },
      Buffer.concat([noise, gzipSync(samples())]),
    ],
  ])('is read behind what it skips, attached and detached: %s', async (_, fields, data) => {
    expect([...(await read(header(fields), data)).data]).toEqual(VALUES);
    const folder = await temporaryFolder();
    await writeFile(join(folder, 'a.raw'), data);
    const text = header({ ...fields, 'data file': 'a.raw' });
    for (const ending of [text, text.trimEnd()]) {
      await writeFile(join(folder, 'a.nhdr'), ending);
      expect([...(await readNrrd(join(folder, 'a.nhdr'))).data]).toEqual(VALUES);
    }
  });

  it('takes a note for no field, though it be called as one', async () => {
    const text = header().replace('some key:=some value', 'byte skip:=4\ndata file:=x.raw');
    expect([...(await read(text)).data]).toEqual(VALUES);
  });

  it.each([
    ['right-anterior-superior', 'RAS'],
    ['LAS', 'LAS'],
    ['LPS', 'LPS'],
  ])('in %s is %s', async (space, expected) => {
    expect(orientation(await read(header({ space })))).toBe(expected);
  });

  it.each([
    ['is of another kind', 'P5 3 2 255\n\n', 'not-nrrd'],
    ['has no end of its header', 'NRRD0005\ntype: short', 'not-nrrd'],
    ['names a file that is not there', header({ 'data file': 'voxels.raw' }), 'folder-unreadable'],
    [
      'keeps its voxels in several files',
      header({ 'data file': 'slice%03d.raw 1 2 1' }),
      'not-nrrd',
    ],
    ['keeps them in a list of files', header({ 'data file': 'LIST' }), 'not-nrrd'],
    ['keeps them outside its folder', header({ 'data file': '../voxels.raw' }), 'not-nrrd'],
    ['keeps them at another root', header({ 'data file': '/etc/passwd' }), 'not-nrrd'],
    ['skips half a byte', header({ 'byte skip': '1.5' }), 'unusable-header'],
    ['skips backwards', header({ 'byte skip': '-2' }), 'unusable-header'],
    [
      'skips to the end of what is compressed',
      header({ encoding: 'gzip', 'byte skip': '-1' }),
      'unusable-header',
    ],
    ['skips more lines than it has', header({ 'line skip': '5' }), 'corrupt-file'],
    ['has two dimensions', header({ sizes: '3 2' }), 'planar'],
    ['has four dimensions', header({ sizes: '3 1 2 4' }), 'more-than-3d'],
    ['has no patient space', header({ space: 'scanner-xyz' }), 'unusable-header'],
    ['has no directions', header({ 'space directions': undefined }), 'unusable-header'],
    [
      'has singular directions',
      header({ 'space directions': '(1,0,0) (1,0,0) (0,0,1)' }),
      'unusable-header',
    ],
    ['is encoded as text', header({ encoding: 'ascii' }), 'unusable-header'],
    ['has blocks for voxels', header({ type: 'block' }), 'unusable-header'],
    ['has a size of 0', header({ sizes: '3 0 2' }), 'unusable-header'],
    ['claims more voxels than the limit', header({ sizes: '9000 9000 9000' }), 'too-large'],
    ['claims more voxels than it holds', header({ sizes: '30 10 20' }), 'corrupt-file'],
    ['does not say its byte order', header({ endian: undefined }), 'unusable-header'],
    ['is measured in inches', header({ 'space units': '"in" "in" "in"' }), 'unusable-header'],
    ['is gzip in name only', header({ encoding: 'gzip' }), 'corrupt-file'],
  ])('that %s is refused by name', async (_, text, code) => {
    await expect(read(text)).rejects.toMatchObject({ code: `imaging/${code}` });
  });
});
