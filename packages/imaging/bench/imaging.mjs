// A DICOM series on disk → a volume → 1 mm isotropic in RAS, ours beside pydicom + SciPy on the same files, turn by
// turn. Each turn is a process of its own, so that peak memory is that of the work; time is measured inside it.
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

/** A chest or abdomen CT has 200 slices of 1.5 mm or more; short series pay more for each process's start. */
const SLICES = 200;
const SHORT_SLICES = 100;
const LARGE_SLICES = 400;
const TURNS = 5;

const PROJECT_PYTHON = fileURLToPath(new URL('../../../.fedvox/venv/bin/python', import.meta.url));

const here = (name) => fileURLToPath(new URL(name, import.meta.url));
const ours = (folder, task) => runSide(process.execPath, [here('ours.mjs'), folder, task]);

export async function run({ log }) {
  const python = await peerPython();
  const folder = await mkdtemp(join(tmpdir(), 'fedvox-bench-'));
  try {
    const usual = await duel(python, await writeSeries(join(folder, 'usual'), SLICES), SLICES, log);
    const short = await duel(
      python,
      await writeSeries(join(folder, 'short'), SHORT_SLICES),
      SHORT_SLICES,
      log,
    );
    const large = await ours(await writeSeries(join(folder, 'large'), LARGE_SLICES), 'read');
    return {
      figures: {
        ...usual,
        [`speed_ratio_${SHORT_SLICES}_slices`]: short.speed_ratio,
        [`memory_ratio_${SHORT_SLICES}_slices`]: short.memory_ratio,
        read_512x512x400_memory_mb: large.peakMb,
      },
    };
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** Both sides on one series, turn by turn: medians. */
async function duel(python, series, slices, log) {
  const turns = [];
  for (let turn = 1; turn <= TURNS; turn++) {
    const peer = await runSide(python, [here('peer.py'), series]);
    turns.push({ ours: await ours(series, 'resample'), peer });
    log(`${slices} slices, turn ${turn} of ${TURNS}: ${describe(turns.at(-1))}`);
  }
  const megavoxels = (512 * 512 * slices) / 1e6;
  const seconds = (side) => median(turns.map((turn) => turn[side].seconds));
  const memory = (side) => median(turns.map((turn) => turn[side].peakMb));
  return {
    megavoxels_per_s: megavoxels / seconds('ours'),
    peer_megavoxels_per_s: megavoxels / seconds('peer'),
    speed_ratio: seconds('peer') / seconds('ours'),
    peak_memory_mb: memory('ours'),
    peer_peak_memory_mb: memory('peer'),
    memory_ratio: memory('ours') / memory('peer'),
  };
}

/** The Python of FEDVOX_BENCH_PYTHON, else the first that has what the peer needs. */
async function peerPython() {
  const asked = process.env.FEDVOX_BENCH_PYTHON;
  const candidates = asked === undefined ? [PROJECT_PYTHON, 'python3'] : [asked];
  for (const python of candidates) {
    const works = await promisify(execFile)(python, ['-c', 'import pydicom, scipy']).then(
      () => true,
      () => false,
    );
    if (works) return python;
  }
  throw new Error(
    `the peer needs a Python with pydicom and scipy; none of these has them: ${candidates.join(', ')}. ` +
      'Install them (pip install pydicom scipy) and name that Python in FEDVOX_BENCH_PYTHON.',
  );
}

/** In a process of its own: a turn's peak memory counts from that of the process that starts it. */
async function writeSeries(folder, slices) {
  await promisify(execFile)(process.execPath, [here('series.mjs'), folder, String(slices)]);
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
