// Writes a CT of 0.7 × 0.7 × 1.5 mm voxels, whole Hounsfield units that compress as badly as noise:
// node series.mjs FOLDER SLICES
import { writeDicomSeries } from '@fedvox/imaging';

const [folder, slices] = process.argv.slice(2);
const shape = [512, 512, Number(slices)];
const data = Float32Array.from(
  { length: shape[0] * shape[1] * shape[2] },
  (_, at) => ((Math.imul(at, 2654435761) >>> 0) % 3000) - 1000,
);
const affineRas = [-0.7, 0, 0, 180, 0, -0.7, 0, 180, 0, 0, 1.5, -100, 0, 0, 0, 1];
await writeDicomSeries(
  folder,
  { shape, affineRas, data },
  {
    identity: `bench-${slices}`,
    patientName: 'Doe^Bench',
    patientId: 'BENCH',
    modality: 'CT',
    createdAt: new Date(0),
    storedBits: 16,
    signed: true,
    slope: 1,
    intercept: 0,
  },
);
