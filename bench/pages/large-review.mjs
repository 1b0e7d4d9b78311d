// A hospital with one labelled CT of 512 × 512 × 300 voxels and what a model may have drawn of it, and its console, for the pages'
// bench. Tells, when asked, how much memory the console's process has come to have at most.
import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { resolveSiteConfig, siteConfigSchema } from '@fedvox/agent';
import { stateFolder } from '@fedvox/agent/records';
import { sha256 } from '@fedvox/base';
import { silentLogger, systemClock } from '@fedvox/base/system';
import { startSiteConsole } from '@fedvox/console';
import { contentKey, openDataset, writeDicomSeg, writeDicomSeries } from '@fedvox/imaging';
import { jobSchema } from '@fedvox/job';

import { endWhenTold } from '../../packages/coordinator/bench/federation/child.mjs';
import { ReviewWriter } from '../../packages/learning/dist/kept-review/review-writer.js';

const [, , folder] = process.argv;
const SHAPE = [512, 512, 300];
const SPACING_MM = [0.8, 0.8, 1.25];
const CREATED_AT = new Date('2026-01-02T03:04:05Z');
const JOB = jobSchema.parse({
  name: 'large',
  classes: ['background', 'organ', 'lesion'],
  data: { modality: 'CT' },
  preprocess: [{ kind: 'orient' }],
  network: { kind: 'unet', channels: [4, 8], strides: [2] },
  training: { batchSize: 1 },
  evaluation: { bestBy: 'dice', auc: { level: 'voxel', classes: ['lesion'] } },
  federation: { rounds: 1, minSites: 1 },
  seed: 1,
});

/** What makes the hospital takes more memory than its console: it is a process before that one. */
const dataset = { kind: 'dicom', path: join(folder, 'data') };
const written = { site: 'north', stateDir: 'state', data: dataset };
const config = resolveSiteConfig(siteConfigSchema.parse(written), join(folder, 'site.yaml'));
if (process.argv.includes('--write')) {
  if (!existsSync(join(folder, 'written'))) await write();
  process.send?.({ kind: 'written' });
  process.exit(0);
}
const desk = await startSiteConsole({ config, clock: systemClock, log: silentLogger() });
process.on('message', async ({ kind, id }) => {
  if (kind !== 'ask') return;
  const status = await readFile('/proc/self/status', 'utf8');
  const mib = (name) => Number(new RegExp(`${name}:\\s+(\\d+)`).exec(status)[1]) / 1_024;
  process.send({ kind: 'told', id, peakMib: mib('VmHWM'), mib: mib('VmRSS') });
});
endWhenTold(() => desk.close());
process.send({ kind: 'ready', link: desk.link() });

async function write() {
  await mkdir(dataset.path, { recursive: true });
  const { image, label, prediction } = drawn();
  const identity = { identity: 'bench', createdAt: CREATED_AT };
  const reference = await writeDicomSeries(join(dataset.path, 'ct'), image, {
    ...{ ...identity, modality: 'CT', patientName: 'Bench', patientId: 'B-1' },
    ...{ storedBits: 16, signed: true, slope: 1, intercept: 0 },
  });
  const segments = JOB.classes.slice(1).map((name, at) => ({ value: at + 1, label: name }));
  await writeDicomSeg(join(dataset.path, 'seg.dcm'), label, segments, reference, {
    ...{ ...identity, algorithm: { type: 'MANUAL' } },
  });
  await review(prediction);
  await writeFile(join(folder, 'written'), '');
}

async function review(prediction) {
  const modelPath = join(folder, 'model.safetensors');
  await writeFile(modelPath, 'no model is asked for what it drew');
  const { cases } = await openDataset(config.data, JOB.classes);
  const [ref] = cases;
  const writer = await ReviewWriter.begin({
    ...{ folder: stateFolder(config.stateDir).modelReviews, job: JOB, modelPath, split: 'all' },
    ...{ dataset: config.data, clock: systemClock },
  });
  await writer.add(ref.caseId, prediction);
  const { caseId } = ref;
  await writer.finish(
    [{ caseId, dice: null, perClass: [] }],
    [{ caseId, contentKey: () => contentKey(ref) }],
  );
}

/** A body of noise with an organ in it and a lesion in that; the model's are somewhat beside them. */
function drawn() {
  const [nx, ny, nz] = SHAPE;
  const affineRas = [
    ...[-SPACING_MM[0], 0, 0, 200, 0, -SPACING_MM[1], 0, 200, 0, 0, SPACING_MM[2], -180],
    ...[0, 0, 0, 1],
  ];
  const grid = { shape: SHAPE, affineRas };
  const data = new Float32Array(nx * ny * nz);
  const [label, prediction] = [new Uint8Array(data.length), new Uint8Array(data.length)];
  const noise = Buffer.concat(
    Array.from({ length: 4_096 }, (_, at) => Buffer.from(sha256(`noise ${at}`), 'hex')),
  );
  const classAt = (x, y, z) => {
    if (Math.hypot(x - 300, y - 250, 1.5 * (z - 150)) < 30) return 2;
    return Math.hypot(x - 256, y - 256, z - 150) < 110 ? 1 : 0;
  };
  for (let z = 0, at = 0; z < nz; z++) {
    for (let y = 0; y < ny; y++) {
      for (let x = 0; x < nx; x++, at++) {
        const isBody = Math.hypot((x - 256) / 240, (y - 256) / 180) < 1;
        label[at] = isBody ? classAt(x, y, z) : 0;
        prediction[at] = isBody ? classAt(x - 5, y + 4, z) : 0;
        const value = isBody ? [-20, 60, 110][label[at]] : -1_000;
        data[at] = value + noise[(at * 31) % noise.length] / 4;
      }
    }
  }
  for (let at = 0; at < data.length; at++) data[at] = Math.round(data[at]);
  return {
    image: { ...grid, data },
    label: { ...grid, data: label },
    prediction: { ...grid, data: prediction },
  };
}
