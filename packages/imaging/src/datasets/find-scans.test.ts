import { truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { encodeNifti, writeNifti } from '../nifti/write.js';
import { rectangle, SERIES, writeSlices, writeStructureSet } from '../testing/dicom-objects.js';
import { phantomVolumes } from '../testing/phantom-case.js';
import { temporaryFolder } from '../testing/temporary-folder.js';
import { findOnlyScan, findScans } from './find-scans.js';
import { readVolume } from './read-volume.js';

const { image } = phantomVolumes('found');

/** A NIfTI file whose qform says 10 mm where its sform says 2. */
function twoMinds(): Buffer {
  const bytes = Buffer.from(encodeNifti(image));
  bytes.writeFloatLE(10, 88);
  return bytes;
}

describe('the scans of a folder', () => {
  it('are its series and volume files, whatever becomes of the labels beside them', async () => {
    const path = await temporaryFolder();
    await writeSlices(join(path, 'ct'));
    // Contours that skip slices are refused where there is training.
    const contours = [0, 4, 8].map((z) => ({ points: rectangle(2, 2, 8, 8), z }));
    await writeStructureSet(join(path, 'ct', 'rs.dcm'), [{ name: 'organ', contours }]);
    await writeNifti(join(path, 'a.nii'), image);
    await writeFile(join(path, 'notes.txt'), 'read me');
    const { scans, refused } = await findScans(path);
    expect(refused).toEqual([]);
    expect(scans).toMatchObject([
      { what: expect.stringContaining('ct (series …'), place: `ct/${SERIES}`, format: 'dicom' },
      { what: 'a.nii', place: 'a', format: 'nifti' },
    ]);
    expect(scans.map(({ ref }) => ref.hasLabel)).toEqual([false, false]);
  });

  it('are told from what is none: reports of no images cost nothing, what nobody can read is refused', async () => {
    const path = await temporaryFolder();
    await writeSlices(path);
    await writeSlices(path, (slice) => ({
      SeriesInstanceUID: '2.25.300',
      SOPInstanceUID: `2.25.300.${slice + 1}`,
      Modality: 'SR',
      Rows: undefined,
      PixelData: undefined,
    }));
    expect(await findScans(path)).toMatchObject({ scans: [{ place: SERIES }], refused: [] });
    await writeFile(join(path, 'lost.dcm'), 'no DICOM');
    const { scans, refused } = await findScans(path);
    expect(scans).toHaveLength(1);
    expect(refused).toMatchObject([{ code: 'imaging/not-dicom' }]);
  });

  it('lie under their path, whatever is written where a UID should be', async () => {
    const path = await temporaryFolder();
    const SeriesInstanceUID = '../../../out';
    await writeSlices(path, (slice) => ({
      SeriesInstanceUID,
      SOPInstanceUID: `2.25.300.${slice}`,
    }));
    const { scans } = await findScans(path);
    expect(scans).toMatchObject([{ place: expect.stringMatching(/^[^.]*\b[0-9a-f]{16}$/) }]);
  });

  it('are refused by name where there is nothing that could be one', async () => {
    const path = await temporaryFolder();
    await writeFile(join(path, 'notes.txt'), 'read me');
    const error = { code: 'imaging/no-scan', message: expect.stringContaining('(1 files looked') };
    await expect(findScans(path)).rejects.toMatchObject(error);
    await expect(findOnlyScan(path)).rejects.toMatchObject(error);
  });

  it('are one where one is asked for', async () => {
    const path = await temporaryFolder();
    await writeNifti(join(path, 'a.nii'), image);
    expect(await readVolume(path)).toEqual(image);
    await writeNifti(join(path, 'b.nii'), image);
    await expect(findOnlyScan(path)).rejects.toMatchObject({
      code: 'imaging/not-one-series',
      message: expect.stringContaining('2 usable scans'),
    });
  });

  it('are read by the sform of a header of two minds with a word, or refused where the site says so', async () => {
    const path = await temporaryFolder();
    const file = join(path, 'a.nii');
    await writeFile(file, twoMinds());
    const { scans } = await findScans(path);
    expect(scans).toMatchObject([{ notices: [{ code: 'imaging/conflicting-geometry' }] }]);
    const rules = { conflictingGeometry: 'refuse' } as const;
    expect(await findScans(path, rules)).toMatchObject({
      scans: [],
      refused: [{ what: 'a.nii', code: 'imaging/conflicting-geometry' }],
    });
    await expect(readVolume(file, rules)).rejects.toMatchObject({
      code: 'imaging/conflicting-geometry',
    });
  });

  it('are none of them lost to one whose file is cut short', async () => {
    const path = await temporaryFolder();
    await writeSlices(path);
    await writeSlices(path, (slice) => ({
      SeriesInstanceUID: '2.25.300',
      SOPInstanceUID: `2.25.300.${slice + 1}`,
    }));
    await truncate(join(path, '2-25-300-s2.dcm'), 700);
    const { scans, refused } = await findScans(path);
    expect(scans).toMatchObject([{ place: SERIES }]);
    expect(refused).toMatchObject([{ code: 'imaging/corrupt-file' }]);
  });
});
