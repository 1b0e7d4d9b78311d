import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { seededRandom } from '@fedvox/base';
import { silentLogger, systemClock } from '@fedvox/base/system';
import { startSiteConsole } from '@fedvox/console';
import type { RunningDesk } from '@fedvox/desk';
import { type LabelMap, type Volume, writeDicomSeg, writeDicomSeries } from '@fedvox/imaging';
import { encodeJob, type Job, jobSchema } from '@fedvox/job';
import { type CaseEvaluation, initialModel, saveModel } from '@fedvox/learning';
import { loadSiteConfig, type SiteConfig } from '../../packages/agent/src/config.js';
import { type StateFolder, stateFolder } from '../../packages/agent/src/state/state-folder.js';
import { run } from '../../packages/cli/src/program.js';

const CASES = 3;
const SHAPE = [24, 20, 12] as const;
/** As scanners store it: i towards the patient's left, j towards the back, k upwards; slices are thick. */
const AFFINE_RAS = [-1.5, 0, 0, 18, 0, -1.5, 0, 15, 0, 0, 4, -24, 0, 0, 0, 1];
const CREATED_AT = new Date('2020-01-02T03:04:05Z');

/** A hospital with labelled CT scans and a model that `fedvox model evaluate --review` measured on them. */
export interface ReviewGround {
  readonly folder: string;
  readonly config: SiteConfig;
  readonly configPath: string;
  readonly state: StateFolder;
  readonly job: Job;
  readonly desk: RunningDesk;
  /** As the command wrote them. */
  readonly evaluated: readonly CaseEvaluation[];
  fedvox(...words: string[]): Promise<string>;
  stop(): Promise<void>;
}

/** An organ about the middle, and a lesion in the patient's left half: i is large there. */
export function leftSidedCase(seed: string): { image: Volume; label: LabelMap } {
  const random = seededRandom(seed);
  const [nx, ny, nz] = SHAPE;
  const grid = { shape: SHAPE, affineRas: AFFINE_RAS };
  const data = new Float32Array(nx * ny * nz);
  const label = new Uint8Array(data.length);
  for (let at = 0; at < data.length; at++) {
    const [i, j, k] = [at % nx, Math.floor(at / nx) % ny, Math.floor(at / (nx * ny))];
    const isOrgan = Math.hypot(i - 12, j - 10, 2 * (k - 6)) < 8;
    const isLesion = Math.hypot(i - 17, j - 9, 2 * (k - 6)) < 3;
    label[at] = isLesion ? 2 : isOrgan ? 1 : 0;
    data[at] = Math.round([-900, 40, 160][label[at] as number]! + 20 * random.normal());
  }
  return { image: { ...grid, data }, label: { ...grid, data: label } };
}

const JOB = jobSchema.parse({
  name: 'liver',
  classes: ['background', 'organ', 'lesion'],
  data: { modality: 'CT' },
  preprocess: [{ kind: 'orient' }, { kind: 'zscore' }, { kind: 'crop-or-pad', size: [24, 20, 12] }],
  network: { kind: 'unet', channels: [4, 8], strides: [2], residualUnits: 1 },
  training: { batchSize: 1, localEpochs: 1 },
  evaluation: { bestBy: 'dice', auc: { level: 'voxel', classes: ['lesion'] } },
  federation: { rounds: 1, minSites: 1 },
  seed: 3,
});

export async function startReviewGround(): Promise<ReviewGround> {
  const folder = await mkdtemp(join(tmpdir(), 'fedvox-review-'));
  const here = (name: string) => join(folder, name);
  for (let index = 0; index < CASES; index++) await writeCase(here(`data/${index}`), index);
  await writeFile(
    here('site.yaml'),
    'site: north\nstateDir: state\ndata: {kind: dicom, path: data}\n',
  );
  await writeFile(here('job.json'), encodeJob(JOB));
  await saveModel(here('model.safetensors'), JOB, initialModel(JOB));
  const configPath = here('site.yaml');
  const fedvox = (...words: string[]) => commandOf(words);
  await fedvox(
    ...['model', 'evaluate', '--model', here('model.safetensors'), '--data', here('data')],
    ...['--config', configPath, '--review', '--cases', here('cases.json')],
    ...['--cache', here('cache'), '--engine', 'cpu'],
  );
  const config = await loadSiteConfig(configPath);
  const desk = await startSiteConsole({ config, clock: systemClock, log: silentLogger() });
  return {
    ...{ folder, config, configPath, state: stateFolder(config.stateDir), job: JOB, desk, fedvox },
    evaluated: JSON.parse(await readFile(here('cases.json'), 'utf8')) as CaseEvaluation[],
    stop: async () => {
      await desk.close();
      await rm(folder, { recursive: true });
    },
  };
}

async function writeCase(folder: string, index: number): Promise<void> {
  const { image, label } = leftSidedCase(`case ${index}`);
  const reference = await writeDicomSeries(join(folder, 'ct'), image, {
    ...{ identity: `review/${index}`, modality: 'CT', createdAt: CREATED_AT },
    ...{ patientName: 'Doe^Phantom', patientId: `PID-${index}-SECRET` },
    ...{ storedBits: 16, signed: true, slope: 1, intercept: 0 },
  });
  const segments = JOB.classes.slice(1).map((name, at) => ({ value: at + 1, label: name }));
  await writeDicomSeg(join(folder, 'seg.dcm'), label, segments, reference, {
    ...{ identity: 'by hand', createdAt: CREATED_AT, algorithm: { type: 'MANUAL' } },
  });
}

/** What a command of fedvox prints. */
async function commandOf(words: readonly string[]): Promise<string> {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  const exitCode = await run(words, { stdout, stderr, environment: {} });
  if (exitCode !== 0) throw new Error(`fedvox ${words.join(' ')}: ${stderr.read()}`);
  return String(stdout.read() ?? '');
}
