import { readFile, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { encodeNifti, writeNifti } from '../../nifti/write.js';
import { writeNrrd } from '../../nrrd/write.js';
import {
  rectangle,
  SLICE_MM,
  sopOf,
  writeSeg,
  writeSlices,
  writeStructureSet,
} from '../dicom-objects.js';
import { phantomVolumes, writePhantomCase } from '../phantom-case.js';
import { compressedPhantoms } from './compressed-phantoms.js';
import { filesIn, filesWritten, type Specimen } from './specimen.js';

/** Which volume is meant where a specimen holds several; it decides nothing elsewhere. */
export const CHOSEN = { volume: { TemporalPositionIdentifier: 1 } } as const;

/** Slices taken of a real series: what fuzzing finds, it finds in two. */
const MAX_SLICES = 2;
/** Real folders that show what phantoms do not: other writers, compressed pixels, cut-out frames. */
const REAL_FOLDERS = [
  'dicom-real/scanners/hitachi/001',
  'dicom-real/scanners/compressed_j2k/001',
  'dicom-real/scanners/compressed_jpegls/001',
  'dicom-real/scanners/compressed_rle/001',
];
const REAL_FILES = [
  'dicom-real/seg/23x38x3/multiframe/mf.dcm',
  'dicom-real/seg/sparse-labelmap-ppv5.dcm',
  'dicom-real/seg/heart_seg.nrrd',
  'dicom-real/seg/sparse_labelmap_ppv5_seg.nrrd',
  'dicom-real/sts/STS_002/PET_mask.nii.gz',
  'hippocampus/labelsTr/hippocampus_001.nii.gz',
];

/**
 * Phantoms of every format that is read, and real files where the test data is there.
 * @param dataDir the test data, if this machine has it
 */
export async function fuzzCorpus(dataDir: string | undefined): Promise<readonly Specimen[]> {
  const phantoms = [
    await phantomSeries(),
    ...(await labelledSlices()),
    ...(await compressedPhantoms()),
    await twoVolumes(),
    await listedVolumes(),
    await written('written.nrrd', (folder) =>
      writeNrrd(join(folder, 'a.nrrd'), phantomVolumes('fuzz').image),
    ),
    ...volumeFiles(),
  ];
  if (dataDir === undefined) return phantoms;
  const series = REAL_FOLDERS.map(async (name) => {
    const files = [...(await filesIn(join(dataDir, name)))];
    return { name, files: new Map(files.slice(0, MAX_SLICES)) };
  });
  const single = REAL_FILES.map(async (name) => {
    return { name, files: new Map([[basename(name), await readFile(join(dataDir, name))]]) };
  });
  return [...phantoms, ...(await Promise.all([...series, ...single]))];
}

function phantomSeries(): Promise<Specimen> {
  return written('phantom series with SEG', async (folder) => {
    await writePhantomCase(folder);
  });
}

/** Slices with labels as other tools write them: contours, and segmentations of other grids and storages. */
function labelledSlices(): Promise<Specimen[]> {
  const z = SLICE_MM;
  const outlines = [rectangle(2, 2, 12, 12), rectangle(4, 4, 6, 6), rectangle(10, 10, 14, 14)];
  const contours = outlines.flatMap((points) => [
    { points, z: 0, sop: sopOf(0) },
    { points, z: 0.9 * z },
  ]);
  const value = (column: number, row: number) => (column > row ? 1 : 0);
  const bits = [0, 1].map((slice) => ({ segment: 1, position: [0, 0, z * slice] as const, value }));
  const coarse = { rows: 8, columns: 8, spacing: [2, 2] as const };
  const odd = { rows: 15, columns: 15, isByteAligned: true };
  const padding = { PixelRepresentation: 1, PixelPaddingValue: 63_536 };
  const labels: Readonly<Record<string, (path: string) => Promise<void>>> = {
    'structure set': (path) => writeStructureSet(path, [{ name: 'organ', contours }]),
    'coarse SEG': (path) => writeSeg(path, { segments: ['organ'], frames: bits, ...coarse }),
    'SEG of frames on bytes': (path) =>
      writeSeg(path, { segments: ['organ'], frames: bits, ...odd }),
    LABELMAP: (path) => writeSeg(path, { type: 'LABELMAP', segments: ['organ'], frames: bits }),
  };
  return Promise.all(
    Object.entries(labels).map(([name, writeLabel]) =>
      written(`padded slices with ${name}`, async (folder) => {
        await writeLabel(join(folder, '0.dcm'));
        await writeSlices(folder, () => padding, MAX_SLICES);
      }),
    ),
  );
}

async function written(name: string, write: (folder: string) => Promise<void>): Promise<Specimen> {
  return { name, files: await filesWritten(write) };
}

/** Two moments of one series, of which the second may be broken. */
function twoVolumes(): Promise<Specimen> {
  const change = (slice: number) => ({
    TemporalPositionIdentifier: 2 - (slice % 2),
    ImagePositionPatient: [0, 0, SLICE_MM * Math.floor(slice / 2)],
  });
  return written('series of two volumes', (folder) => writeSlices(folder, change, 2 * MAX_SLICES));
}

/** A manifest, with what it lists. */
function listedVolumes(): Promise<Specimen> {
  const { image, label } = phantomVolumes('fuzz');
  const manifest = { labels: { 1: 'organ' }, training: [{ image: 'a.nii', label: 'l.nii' }] };
  return written('listed volumes', async (folder) => {
    await writeFile(join(folder, 'dataset.json'), JSON.stringify(manifest));
    await writeNifti(join(folder, 'a.nii'), image);
    const organ = label.data.map((value) => Math.min(value, 1));
    await writeNifti(join(folder, 'l.nii'), { ...label, data: organ });
  });
}

function volumeFiles(): Specimen[] {
  const { image, label } = phantomVolumes('fuzz');
  const nifti = encodeNifti(image);
  const header = (encoding: string, fields = '') =>
    Buffer.from(
      `NRRD0005\ntype: float\ndimension: 3\nspace: left-posterior-superior\nsizes: ${image.shape.join(' ')}\n` +
        'space directions: (2,0,0) (0,1.5,0) (0,0,3)\nendian: little\n' +
        `encoding: ${encoding}\nspace origin: (10,20,30)\n${fields}\n`,
      'latin1',
    );
  const samples = Buffer.from(image.data.buffer);
  const files: Readonly<Record<string, Uint8Array>> = {
    'image.nii': nifti,
    'image.nii.gz': gzipSync(nifti),
    'label.nii.gz': gzipSync(encodeNifti(label)),
    'two-members.nii.gz': Buffer.concat(
      [nifti.subarray(0, 500), nifti.subarray(500)].map((part) => gzipSync(part)),
    ),
    'raw.nrrd': Buffer.concat([header('raw'), samples]),
    'gzip.nrrd': Buffer.concat([header('gzip'), gzipSync(samples)]),
    'skips.nrrd': Buffer.concat([
      header('gzip', 'line skip: 1\nbyte skip: 4\n'),
      Buffer.from('a line\n'),
      gzipSync(Buffer.concat([Buffer.alloc(4), samples])),
    ]),
  };
  const detached = new Map([
    ['a.nhdr', header('raw', 'data file: a.raw\n')],
    ['a.raw', samples],
  ]);
  const single = Object.entries(files).map(([name, bytes]) => ({
    name,
    files: new Map([[name, bytes]]),
  }));
  return [...single, { name: 'detached.nrrd', files: detached }];
}
