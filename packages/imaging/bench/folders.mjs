// What a look at a folder of 10,000 small DICOM slices costs: without an index, with a new one, and again. Each
// look is a process of its own, so that peak memory is that of the look; time is measured inside it.
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { writeSlices } from '../dist/testing/dicom-objects.js';

const SERIES = 100;
const SLICES = 100;
/** Files changed this lately are not believed to stay as they are, and are kept in no index. */
const SETTLED_AFTER_MS = 3_000;

const LOOK = fileURLToPath(new URL('look.mjs', import.meta.url));

export async function run({ log }) {
  const folder = await mkdtemp(join(tmpdir(), 'fedvox-folders-'));
  try {
    const data = join(folder, 'data');
    for (let series = 0; series < SERIES; series++) {
      const uid = `2.25.${1000 + series}`;
      const change = (slice) => ({
        SeriesInstanceUID: uid,
        SOPInstanceUID: `${uid}.${slice + 1}`,
        PatientID: `patient ${series}`,
      });
      await writeSlices(join(data, String(series)), change, SLICES);
    }
    await setTimeout(SETTLED_AFTER_MS);
    const index = join(folder, 'headers.index');
    const figures = {};
    for (const [name, args] of [
      ['without_index', [data]],
      ['first', [data, index]],
      ['second', [data, index]],
    ]) {
      const look = await lookAt(args);
      log(
        `${name}: ${look.cases} cases, ${look.seconds.toFixed(2)} s, ${look.peakMb.toFixed(0)} MB`,
      );
      figures[`${name}_s`] = look.seconds;
      figures[`${name}_memory_mb`] = look.peakMb;
    }
    return { figures };
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function lookAt(args) {
  const { stdout } = await promisify(execFile)(process.execPath, [LOOK, ...args]);
  return JSON.parse(stdout);
}
