import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join, relative } from 'node:path';
import { gzipSync } from 'node:zlib';
import { filesUnder } from '../../dicom/walk.js';
import { encodeNifti } from '../../nifti/write.js';
import { phantomVolumes, writePhantomCase } from '../phantom-case.js';
import { compressedPhantoms } from './compressed-phantoms.js';

/** Files that are read together, whole and sound: what a fuzzed input is made from. */
export interface Specimen {
  readonly name: string;
  /** By path inside the specimen's folder; never none. */
  readonly files: ReadonlyMap<string, Uint8Array>;
}

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
  const phantoms = [await phantomSeries(), ...(await compressedPhantoms()), ...volumeFiles()];
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

async function phantomSeries(): Promise<Specimen> {
  const folder = await mkdtemp(join(tmpdir(), 'fedvox-fuzz-'));
  try {
    await writePhantomCase(folder);
    return { name: 'phantom series with SEG', files: await filesIn(folder) };
  } finally {
    await rm(folder, { recursive: true });
  }
}

function volumeFiles(): Specimen[] {
  const { image, label } = phantomVolumes('fuzz');
  const nifti = encodeNifti(image);
  const header = (encoding: string) =>
    Buffer.from(
      `NRRD0005\ntype: float\ndimension: 3\nspace: left-posterior-superior\nsizes: ${image.shape.join(' ')}\n` +
        'space directions: (2,0,0) (0,1.5,0) (0,0,3)\nendian: little\n' +
        `encoding: ${encoding}\nspace origin: (10,20,30)\n\n`,
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
  };
  return Object.entries(files).map(([name, bytes]) => ({ name, files: new Map([[name, bytes]]) }));
}

/** Every file under a folder, by its path inside it, in the order of names. */
export async function filesIn(folder: string): Promise<Map<string, Uint8Array>> {
  const files = new Map<string, Uint8Array>();
  for (const path of await filesUnder(folder)) {
    files.set(relative(folder, path), await readFile(path));
  }
  return files;
}
