import { join } from 'node:path';
import { type Random, seededRandom, shuffled } from '@fedvox/base';
import { type DatasetSpec, writeDicomSeg, writeDicomSeries } from '@fedvox/imaging';
import { drawAnatomy, PHANTOM_CLASSES } from './anatomy.js';
import { hasLesion, type PhantomSpec } from './phantom.js';
import { plantedIdentity } from './planted-identity.js';
import { acquire } from './scanner.js';

/** Every phantom was scanned at this moment, so that the same seed gives the same bytes. */
const SCANNED_AT = new Date('2020-01-01T12:00:00Z');

/**
 * Writes a hospital's made-up patients below `folder`, each as a DICOM MR series with its DICOM SEG,
 * slices in shuffled file order. Same seed, same bytes.
 * @returns how the site reads them
 */
export async function writeHospital(
  folder: string,
  site: string,
  { cases, scanner, lesions }: PhantomSpec,
  seed: number,
): Promise<DatasetSpec> {
  const segments = PHANTOM_CLASSES.map((label, value) => ({ label, value })).slice(1);
  for (let index = 0; index < cases; index++) {
    const identity = `phantom/${seed}/${site}/${index}`;
    const random = seededRandom(identity);
    const { patientName, patientId } = plantedIdentity(site, index);
    const patientFolder = join(folder, patientId);
    const anatomy = drawAnatomy(random.fork('anatomy'), hasLesion({ lesions }, index));
    const { image, label } = acquire(anatomy, scanner, random.fork('acquisition'));
    const series = await writeDicomSeries(join(patientFolder, 'mr'), image, {
      identity,
      patientName,
      patientId,
      modality: 'MR',
      seriesDescription: `${scanner.protocol.toUpperCase()} ${scanner.plane} ${patientName}`,
      createdAt: SCANNED_AT,
      storedBits: scanner.storedBits,
      signed: scanner.signed,
      fileName: shuffledFileNames(image.shape[2], random.fork('file names')),
    });
    await writeDicomSeg(join(patientFolder, 'seg.dcm'), label, segments, series, {
      identity: 'drawn-by-hand',
      createdAt: SCANNED_AT,
      algorithm: { type: 'MANUAL' },
    });
  }
  return { kind: 'dicom', path: folder };
}

/** As archives hand files out: their names say nothing of the slices' order. */
function shuffledFileNames(slices: number, random: Random): (slice: number) => string {
  const numbers = shuffled(
    Array.from({ length: slices }, (_, index) => index + 1),
    random,
  );
  return (slice) => `IM${String(numbers[slice]).padStart(5, '0')}.dcm`;
}
