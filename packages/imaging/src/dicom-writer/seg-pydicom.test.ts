import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { PATIENT, phantomVolumes } from '../testing/phantom-case.js';
import { pythonWithPydicom } from '../testing/python.js';
import { temporaryFolder } from '../testing/temporary-folder.js';
import { writeDicomSeg } from './seg.js';
import { writeDicomSeries } from './series.js';

const python = pythonWithPydicom();
const SEGMENTS = [
  { value: 1, label: 'organ' },
  { value: 2, label: 'lesion' },
];

interface FoundFrame {
  readonly segment: number;
  readonly index: readonly number[];
  readonly position: readonly number[];
  readonly instance: string;
  readonly pixels: readonly number[];
}

async function written() {
  const folder = await temporaryFolder();
  const { image, label } = phantomVolumes('pydicom');
  // One slice without the lesion: a frame that is left out.
  const pixels = label.shape[0] * label.shape[1];
  label.data.subarray(0, pixels).fill(1);
  const common = { identity: 'pydicom', createdAt: new Date(0) };
  const reference = await writeDicomSeries(folder, image, {
    ...PATIENT,
    ...common,
    modality: 'MR',
  });
  const path = join(folder, 'seg.dcm');
  await writeDicomSeg(path, label, SEGMENTS, reference, common);
  return { path, label, reference, pixels };
}

describe.skipIf(python === undefined)('pydicom, reading a prediction of ours', () => {
  it('finds each segment’s pixels, its meaning, the images it lies on and how frames are ordered', async () => {
    const { path, label, reference, pixels } = await written();
    const program = fileURLToPath(new URL('./seg-reader.py', import.meta.url));
    const { stdout } = await promisify(execFile)(python as string, [program, path]);
    const { frames, ...found } = JSON.parse(stdout) as { frames: FoundFrame[] };
    const tissue = ['85756007', 'SCT'];
    expect(found).toMatchObject({
      sopClass: 'Segmentation Storage',
      syntax: 'Explicit VR Little Endian',
      referencedSeries: reference.seriesUid,
      referencedInstances: reference.sopInstanceUids,
      frameOfReference: reference.frameOfReferenceUid,
      segments: SEGMENTS.map((segment) => ({
        number: segment.value,
        label: segment.label,
        algorithm: ['AUTOMATIC', 'Fedvox'],
        category: tissue,
        type: tissue,
      })),
      dimensions: ['ReferencedSegmentNumber', 'ImagePositionPatient'],
      oneOrganization: true,
    });
    const seen = new Uint8Array(label.data.length);
    for (const { segment, instance, pixels: mask } of frames) {
      const slice = reference.sopInstanceUids.indexOf(instance);
      mask.forEach((bit, at) => {
        if (bit === 1) seen[slice * pixels + at] = segment;
      });
    }
    expect(seen).toEqual(label.data);
    expect(frames).toHaveLength(2 * label.shape[2] - 1);
    const heights = frames.map(({ position }) => position[2]);
    expect(new Set(heights).size).toBe(label.shape[2]);
    expect(new Set(frames.map(({ index }) => index.join())).size).toBe(frames.length);
  });
});
