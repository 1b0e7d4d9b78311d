// A DICOM series on disk → a volume → 1 mm isotropic in RAS, ours beside pydicom + SciPy on the same files, turn by
// turn. Each turn is a process of its own, so that peak memory is that of the work; time is measured inside it.
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { writeDicomSeries } from '@fedvox/imaging';

const SLICES = 200;
const LARGE_SLICES = 400;
const TURNS = 5;
const PEER_PYTHON = process.env.FEDVOX_BENCH_PYTHON ?? 'python3';

const here = (name) => fileURLToPath(new URL(name, import.meta.url));
const ours = (folder, task) => runSide(process.execPath, [here('ours.mjs'), folder, task]);
const peer = (folder) => runSide(PEER_PYTHON, [here('peer.py'), folder]);

export async function run({ log }) {
  const folder = await mkdtemp(join(tmpdir(), 'fedvox-bench-'));
  try {
    const series = await writeSeries(join(folder, 'series'), SLICES);
    const turns = [];
    for (let turn = 1; turn <= TURNS; turn++) {
      turns.push({ ours: await ours(series, 'resample'), peer: await peer(series) });
      log(`turn ${turn} of ${TURNS}: ${describe(turns.at(-1))}`);
    }
    const large = await ours(await writeSeries(join(folder, 'large'), LARGE_SLICES), 'read');
    const voxels = 512 * 512 * SLICES;
    const seconds = (side) => median(turns.map((turn) => turn[side].seconds));
    const memory = (side) => median(turns.map((turn) => turn[side].peakMb));
    return {
      figures: {
        megavoxels_per_s: voxels / 1e6 / seconds('ours'),
        peer_megavoxels_per_s: voxels / 1e6 / seconds('peer'),
        speed_ratio: seconds('peer') / seconds('ours'),
        peak_memory_mb: memory('ours'),
        peer_peak_memory_mb: memory('peer'),
        memory_ratio: memory('ours') / memory('peer'),
        read_512x512x400_memory_mb: large.peakMb,
      },
    };
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** A CT of 0.7 × 0.7 × 1.5 mm voxels, whole Hounsfield units that compress as badly as noise. */
async function writeSeries(folder, slices) {
  const shape = [512, 512, slices];
  const data = Float32Array.from(
    { length: 512 * 512 * slices },
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
  return folder;
}

/** Runs one side; its last line is {"seconds", "peakMb"}. */
async function runSide(command, args) {
  const { stdout } = await promisify(execFile)(command, args, { timeout: 300_000 });
  return JSON.parse(stdout.trim().split('\n').at(-1));
}

function describe(turn) {
  return Object.entries(turn)
    .map(
      ([side, { seconds, peakMb }]) => `${side} ${seconds.toFixed(2)} s, ${peakMb.toFixed(0)} MB`,
    )
    .join('; ');
}

function median(values) {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];
}
