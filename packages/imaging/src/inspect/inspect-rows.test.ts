import { copyFile, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { writeSlices } from '../testing/dicom-objects.js';
import { writePhantomCase } from '../testing/phantom-case.js';
import { temporaryFolder } from '../testing/temporary-folder.js';
import { inspectFolder } from './inspect-folder.js';

describe('what an inspection calls the things in a folder', () => {
  it('names volumes in formats that are not read, with what converts them, a pair as one', async () => {
    const folder = await temporaryFolder();
    const [nifti, analyze] = [Buffer.alloc(348), Buffer.alloc(348)];
    nifti.writeInt32LE(348);
    nifti.write('ni1\0', 344, 'latin1');
    analyze.writeInt32BE(348);
    const write = (name: string, bytes: string | Buffer) => writeFile(join(folder, name), bytes);
    await write('analyze.HDR', analyze);
    await write('analyze.IMG', Buffer.alloc(64));
    await write('other.hdr', 'a text about a disk');
    await write('other.mha', 'no volume at all');
    await write('pair.hdr', nifti);
    await write('pair.img', Buffer.alloc(64));
    await write('scan.mha', 'ObjectType = Image\nNDims = 3\n');
    await write('surface.mgz', gzipSync(Buffer.alloc(300)));
    const { scans, refused, otherFiles } = await inspectFolder(folder);
    expect(scans).toEqual([]);
    expect(refused.map(({ reason, advice }) => `${reason}: ${advice}`)).toEqual([
      expect.stringMatching(/analyze\.HDR is an Analyze 7\.5 pair.*fslchfiletype.*sides/),
      expect.stringMatching(/pair\.hdr is a NIfTI pair \(\.hdr and \.img\).*fslchfiletype/),
      expect.stringMatching(/scan\.mha is MetaImage.*3D Slicer/),
      expect.stringMatching(/surface\.mgz is FreeSurfer’s MGH.*mri_convert/),
    ]);
    expect(otherFiles).toBe(2);
  });

  it('names a packed volume that does not unpack by its name, and looks at the rest', async () => {
    const folder = await temporaryFolder();
    const broken = gzipSync(Buffer.alloc(300)).fill(0xff, 10);
    await writeFile(join(folder, 'broken.hdr.gz'), broken);
    await writeFile(join(folder, 'broken.mgz'), broken);
    await writePhantomCase(folder);
    const { scans, refused } = await inspectFolder(folder);
    expect(scans).toMatchObject([{ usable: true }]);
    expect(refused).toMatchObject([
      { code: 'imaging/archive' },
      { code: 'imaging/foreign-format', reason: expect.stringContaining('MGH') },
    ]);
  });

  it('tells series apart by as much of their UIDs as it takes, and by what the scanner called them', async () => {
    const folder = await temporaryFolder();
    const rows = ['1.2.3.1.99999999', '1.2.3.2.99999999'];
    for (const [at, SeriesInstanceUID] of rows.entries()) {
      const named = { SeriesNumber: `${at + 3}`, SeriesDescription: `t2_tra_${at}` };
      await writeSlices(join(folder, `${at}`), () => ({ SeriesInstanceUID, ...named }));
    }
    expect((await inspectFolder(folder)).scans).toMatchObject(
      rows.map((seriesUid, at) => ({
        what: `${at} (series …${seriesUid.slice(-10)})`,
        seriesUid,
        seriesNumber: `${at + 3}`,
        seriesDescription: `t2_tra_${at}`,
      })),
    );
  });

  it('takes doses, planar pictures and reports for no scans', async () => {
    const folder = await temporaryFolder();
    await writeSlices(join(folder, 'dose'), () => ({ Modality: 'RTDOSE' }));
    const { scans, refused } = await inspectFolder(folder);
    expect(scans).toEqual([]);
    expect(refused).toMatchObject([
      { code: 'imaging/not-an-image', advice: expect.stringMatching(/./) },
    ]);
  });

  it('counts copies of a series’ slices in one line', async () => {
    const folder = await temporaryFolder();
    await writePhantomCase(folder);
    for (const name of await readdir(join(folder, 'mr'))) {
      await copyFile(join(folder, 'mr', name), join(folder, `copy-${name}`));
    }
    const { refused } = await inspectFolder(folder);
    expect(refused).toMatchObject([
      {
        code: 'imaging/duplicate-instance',
        reason: expect.stringContaining('8 files copied from others'),
      },
    ]);
  });
});
