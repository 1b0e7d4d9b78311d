import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { seededRandom } from '@fedvox/base';
import { systemClock } from '@fedvox/base/system';
import { type DatasetSpec, writeNifti } from '@fedvox/imaging';
import { LocalFederation } from '@fedvox/simulator';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { lesionJob, scanOf } from '../../packages/learning/src/testing/phantoms.js';
import { FEDVOX, fedvox } from './fedvox-command.js';
import { removeFederation, untilJob } from './tiny-federation.js';

/** Real processes train: slow on a busy machine, and nothing else. */
const PATIENCE_MS = 400_000;
const SITES = ['east', 'north', 'south'] as const;
const CASES = 20;
const ROUNDS = 4;
/** As a hospital calls its patients: nothing of it may leave. */
const PATIENT = 'PID-4711';

const JOB = lesionJob({
  training: {
    ...{ batchSize: 4, localEpochs: 2, loss: { kind: 'cross-entropy' } },
    optimizer: { kind: 'adam', learningRate: 0.01 },
  },
  evaluation: {
    ...{ bestBy: 'auc', auc: { level: 'case', classes: ['lesion'] } },
    ...{ validationFraction: 0.4, split: 'by-patient' },
  },
  federation: { rounds: ROUNDS, minSites: 3, deadline: '5m' },
});

/** Scans of which every other one has a bright ball in its noise, and the hospital's list of who has one. */
async function writeScans(folder: string, site: string): Promise<DatasetSpec> {
  await mkdir(folder, { recursive: true });
  const names = Array.from({ length: CASES }, (_, index) => `scan-${index}`);
  for (const [index, name] of names.entries()) {
    const scan = scanOf(index % 2 === 1, seededRandom(`${site}/${name}`));
    await writeNifti(join(folder, `${name}.nii.gz`), scan);
  }
  const training = names.map((name, index) => ({
    ...{ image: `${name}.nii.gz`, subject: `${PATIENT}-${index}` },
  }));
  const manifest = { modality: { 0: 'MRI' }, labels: { 0: 'background' }, training };
  await writeFile(join(folder, 'dataset.json'), JSON.stringify(manifest));
  const file = join(folder, 'classes.csv');
  const lines = names.map((_, index) => `${PATIENT}-${index};${index % 2 === 1 ? 'Herd' : 'none'}`);
  await writeFile(file, ['patient;class', ...lines].join('\r\n'));
  return { kind: 'msd', path: folder, caseClasses: { file }, labels: { Herd: 'lesion' } };
}

let federation: LocalFederation;
beforeAll(async () => {
  const folder = await mkdtemp(join(tmpdir(), 'fedvox-classification-'));
  federation = await LocalFederation.found({
    ...{ command: FEDVOX, folder, federation: 'lesions', clock: systemClock },
  });
  await federation.startCoordinator();
  for (const name of SITES) {
    const data = await writeScans(federation.folders.site(name).data, name);
    const policy = { minCasesForMetrics: 5, minCohort: 2 };
    await federation.invite({ name, data, engine: 'auto', threads: 1, policy });
    await federation.enroll(name);
    await federation.startAgent(name);
  }
}, PATIENCE_MS);
afterAll(() => removeFederation(federation), 60_000);

describe('three hospitals that classify their cases', () => {
  it(
    'find a model that tells them apart, of which they say the AUC and no Dice',
    async () => {
      const client = await federation.client();
      const id = await federation.submit(JOB);
      const job = await untilJob(client, id, ({ status }) => status !== 'running');
      expect(job.status).toBe('completed');
      const updates = await client.updates(id, ROUNDS);
      client.close();
      const statements = updates.map(({ statement }) =>
        Buffer.from(statement.payload, 'base64').toString('utf8'),
      );
      expect(statements).toHaveLength(SITES.length);
      for (const text of statements) {
        const { figures } = JSON.parse(text);
        expect(figures).toEqual({ dice: null, auc: expect.any(Number) });
        expect(text).not.toContain(PATIENT);
      }
      const best = job.rounds.find(({ modelSha256 }) => modelSha256 === job.best?.sha256);
      expect(best).toMatchObject({ dice: null });
      expect(best?.auc).toBeGreaterThanOrEqual(0.95);
    },
    PATIENCE_MS,
  );

  it(
    'leave a model that is measured at a hospital, case by case',
    async () => {
      const [site] = SITES;
      const folder = federation.folders.site(site).data;
      const here = (name: string) => join(federation.folders.root, name);
      await writeFile(here('job.json'), JSON.stringify(JOB));
      const common = ['--data', folder, '--cache', here('cache'), '--threads', '1'];
      const classes = ['--case-classes', join(folder, 'classes.csv'), '--label', 'Herd=lesion'];
      const train = ['model', 'train', here('job.json'), '--epochs', '4', ...common, ...classes];
      await fedvox(...train, '--output', here('model.safetensors'));
      const evaluated = await fedvox(
        ...['model', 'evaluate', '--model', here('model.safetensors'), ...common, ...classes],
        ...['--cases', here('cases.csv'), '--report', here('report.html'), '--specificity', '0.8'],
      );
      expect(evaluated.stdout).toMatch(/Dice -, AUC \d\.\d{3} in 20 case/);
      expect(evaluated.stdout).toMatch(/lesion: AUC .*; sensitivity .* at a specificity of 0.8/);
      const [head, ...rows] = (await readFile(here('cases.csv'), 'utf8')).trim().split('\r\n');
      expect(head).toBe('case,site,class,predicted,probability_none,probability_lesion');
      expect(rows).toHaveLength(CASES);
      expect(await readFile(here('report.html'), 'utf8')).toContain('scan-0');
      const predict = (...options: string[]) =>
        fedvox(
          'model',
          'predict',
          '--model',
          here('model.safetensors'),
          '--threads',
          '1',
          ...options,
        );
      const printed = await predict('--input', join(folder, 'scan-0.nii.gz'));
      const line = /^scan-0,.*scan-0\.nii\.gz,(none|lesion),(\S+),(\S+)$/m.exec(printed.stdout);
      expect(rows).toContain(`scan-0,${folder},none,${line?.slice(1).join(',')}`);
      const written = await predict('--input', folder, '--output', here('told.json'));
      expect(written.stdout).toContain(`Wrote the classes of ${CASES} of ${CASES} scans to`);
      expect(JSON.parse(await readFile(here('told.json'), 'utf8'))).toHaveLength(CASES);
      const drawn = await predict('--input', folder, '--output', here('seg.nii.gz'));
      expect(drawn.stderr).toContain('Let the name of the file end in .csv or .json');
      const inspect = ['data', 'inspect', folder, '--job', here('job.json'), ...classes, '--json'];
      const { scans } = JSON.parse((await fedvox(...inspect)).stdout);
      expect(scans).toHaveLength(CASES);
      const [first] = scans;
      expect(first).toMatchObject({ caseId: 'scan-0', caseClass: 'none', trainable: true });
      await rm(here('job.json'));
    },
    PATIENCE_MS,
  );
});
