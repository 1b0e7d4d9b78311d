// The hippocampus job: what part of an epoch the trainer waits for data, or prepares it on its own thread, instead of
// training. As the job is, and with random steps on every case, whose work no cache can save.

import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseConfig, silentLogger, systemClock, testDataDir } from '@fedvox/base/system';
import { jobSchema } from '@fedvox/job';
import { trainPooled } from '@fedvox/learning';

const EPOCHS = 2;
const SITE = 'site-a';
const AUGMENT = [
  { kind: 'flip', axes: ['x'] },
  { kind: 'affine', rotateDegrees: [15, 15, 15] },
  { kind: 'noise', standardDeviation: 0.1 },
  { kind: 'gamma', range: [0.7, 1.5] },
];

export async function run({ log }) {
  const data = testDataDir();
  if (data === undefined || !existsSync(join(data, 'hippocampus'))) {
    throw new Error(
      'this needs the hippocampus cases: name their parent folder in FEDVOX_TEST_DATA',
    );
  }
  const dataset = { kind: 'msd', path: join(data, 'hippocampus'), site: SITE };
  const folder = await mkdtemp(join(tmpdir(), 'fedvox-bench-'));
  try {
    return {
      figures: {
        data_wait_fraction: await waitFraction(await hippocampusJob([]), dataset, folder, log),
        data_wait_fraction_augmented: await waitFraction(
          await hippocampusJob(AUGMENT),
          dataset,
          folder,
          log,
        ),
      },
    };
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** The worst epoch's. */
async function waitFraction(job, dataset, folder, log) {
  const { epochs } = await trainPooled(
    {
      job,
      datasets: [dataset],
      cacheDir: folder,
      engine: 'auto',
      clock: systemClock,
      log: silentLogger(),
    },
    { epochs: EPOCHS, output: join(folder, 'model.safetensors') },
  );
  for (const { epoch, volumesPerSecond, dataWaitFraction } of epochs) {
    log(
      `epoch ${epoch}: ${volumesPerSecond.toFixed(1)} volumes/s, data ${dataWaitFraction.toFixed(4)}`,
    );
  }
  return Math.max(...epochs.map(({ dataWaitFraction }) => dataWaitFraction));
}

async function hippocampusJob(augment) {
  const path = fileURLToPath(new URL('../scenarios/hippocampus-job.yaml', import.meta.url));
  const text = `${await readFile(path, 'utf8')}\naugment: ${JSON.stringify(augment)}\n`;
  return parseConfig(text, jobSchema, 'job', path);
}
