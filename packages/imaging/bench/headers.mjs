// What threads are worth for the headers of small DICOM slices, up to 40,000 of them (10,000 files four times over): the
// same files by turns on one thread and on several. Each look is a process of its own, so that every thread is started for it; time is measured inside it.
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { writeSlices } from '../dist/testing/dicom-objects.js';

const SERIES = 100;
const SLICES = 100;
const TURNS = 5;
/** Of how many files, on how many threads. */
const LOOKS = [40_000, 10_000, 2_000].flatMap((files) =>
  [1, 2, 4].map((threads) => ({ files, threads })),
);

const READ = fileURLToPath(new URL('read-headers.mjs', import.meta.url));

export async function run({ log }) {
  const folder = await mkdtemp(join(tmpdir(), 'fedvox-headers-'));
  try {
    for (let series = 0; series < SERIES; series++) {
      const uid = `2.25.${1000 + series}`;
      const change = (slice) => ({ SeriesInstanceUID: uid, SOPInstanceUID: `${uid}.${slice + 1}` });
      await writeSlices(join(folder, String(series)), change, SLICES);
    }
    const seconds = new Map(LOOKS.map((look) => [look, []]));
    for (let turn = 0; turn <= TURNS; turn++) {
      for (const look of LOOKS) {
        const { stdout } = await promisify(execFile)(process.execPath, [
          ...[READ, folder, String(look.files), String(look.threads)],
        ]);
        // The first turn brings the files into memory.
        if (turn > 0) seconds.get(look).push(Number(stdout));
      }
    }
    const figures = {};
    for (const { files, threads } of LOOKS) {
      const medianOf = (wanted) =>
        median(seconds.get(LOOKS.find((look) => look.files === files && look.threads === wanted)));
      figures[`files_${files}_threads_${threads}_s`] = medianOf(threads);
      if (threads > 1) {
        figures[`files_${files}_speed_ratio_of_${threads}`] = medianOf(1) / medianOf(threads);
      }
    }
    for (const [name, value] of Object.entries(figures)) log(`${name}: ${value.toFixed(3)}`);
    return { figures };
  } finally {
    await rm(folder, { recursive: true });
  }
}

function median(values) {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)];
}
