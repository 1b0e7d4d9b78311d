// Five hospitals' data: phantoms that are made here, or real cases that lie in a folder.
import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { writeHospital } from '@fedvox/simulator';

export const SITES = ['east', 'middle', 'north', 'south', 'west'];
/** The one that means harm. */
export const ATTACKER = 'middle';

/** As unlike as the demo's: in plane, spacing, noise, intensities and number of patients. */
const SCANNERS = {
  east: { plane: 'axial', spacingMm: [3, 3, 3], noise: 0.02, biasField: 0.05, intensityScale: 900 },
  middle: {
    plane: 'axial',
    spacingMm: [3, 3, 4],
    noise: 0.04,
    biasField: 0.1,
    intensityScale: 400,
  },
  north: {
    ...{ plane: 'coronal', spacingMm: [2.5, 2.5, 4], noise: 0.05, biasField: 0.2 },
    ...{ intensityScale: 3000, storedBits: 16, signed: true },
  },
  south: {
    ...{ plane: 'sagittal', spacingMm: [3.5, 3.5, 2.5], noise: 0.07, biasField: 0.3 },
    ...{ intensityScale: 250, storedBits: 8 },
  },
  west: { plane: 'axial', spacingMm: [4, 4, 4], noise: 0.1, biasField: 0.3, intensityScale: 1500 },
};
/** Parts of the cases: the largest site has six times as many as the smallest. */
const SHARES = { east: 3, middle: 2, north: 6, south: 1, west: 2 };

/**
 * By site, how it reads its cases, and how it would read them with two structures' names swapped.
 * @param cases of the site that has the fewest
 */
export async function phantomHospitals(folder, cases, seed) {
  const { phantomSchema } = await import('@fedvox/simulator');
  const sites = SITES.map(async (name) => {
    const scanner = SCANNERS[name];
    const spec = phantomSchema.parse({ kind: 'phantom', cases: cases * SHARES[name], scanner });
    const data = await writeHospital(join(folder, name), name, spec, seed);
    return [name, { data, flipped: { ...data, labels: { organ: 'lesion', lesion: 'organ' } } }];
  });
  return new Map(await Promise.all(sites));
}

/** The Decathlon folder's cases shared out, those of its sites together as far as it goes: not alike. */
export async function msdHospitals(folder, source) {
  const manifest = JSON.parse(await readFile(join(source, 'dataset.json'), 'utf8'));
  const nameOf = ({ image }) =>
    image
      .split('/')
      .at(-1)
      .replace(/\.nii(\.gz)?$/, '');
  const bySite = manifest.training.toSorted((a, b) => {
    const key = (each) => `${manifest.sites?.[nameOf(each)] ?? ''} ${nameOf(each)}`;
    return key(a) < key(b) ? -1 : 1;
  });
  const total = Object.values(SHARES).reduce((sum, share) => sum + share, 0);
  let at = 0;
  const hospitals = new Map();
  for (const name of SITES) {
    const count = Math.floor((bySite.length * SHARES[name]) / total);
    const training = bySite.slice(at, at + count);
    at += count;
    const swapped = swap(manifest.labels);
    const data = await lay(join(folder, name), source, { ...manifest, training });
    const flipped = await lay(join(folder, `${name}-flipped`), source, {
      ...{ ...manifest, training },
      labels: swapped,
    });
    hospitals.set(name, { data, flipped });
  }
  return hospitals;
}

/** The first two structures under each other's names. */
function swap(labels) {
  const [one, other] = Object.keys(labels).filter((value) => value !== '0');
  return { ...labels, [one]: labels[other], [other]: labels[one] };
}

/** The source's files under a manifest of their own. */
async function lay(folder, source, manifest) {
  await mkdir(folder, { recursive: true });
  for (const part of ['imagesTr', 'labelsTr']) {
    await symlink(resolve(source, part), join(folder, part));
  }
  await writeFile(join(folder, 'dataset.json'), JSON.stringify({ ...manifest, sites: undefined }));
  return { kind: 'msd', path: folder };
}
