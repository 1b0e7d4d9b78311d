import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseConfig } from '@fedvox/base/system';
import { newJobSchema } from '@fedvox/job';
import { phantomSchema, writeHospital } from '@fedvox/simulator';
import { torchAvailability } from '@fedvox/tfjs-backend-torch';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fedvox, lastLine } from './fedvox-command.js';

const PATIENCE_MS = 300_000;
/** Six millimetres between pixels, half as far as between planes. */
const PATIENTS = phantomSchema.parse({
  ...{ kind: 'phantom', cases: 4, scanner: { spacingMm: [6, 6, 12] } },
});

describe('a job that fedvox proposes of labelled scans', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'fedvox-planned-'));
    await writeHospital(join(folder, 'data'), 'north', PATIENTS, 3);
  }, PATIENCE_MS);
  afterAll(() => rm(folder, { recursive: true }));

  const planned = async (...options: string[]) => {
    const path = join(folder, 'job.yaml');
    const places = ['--data', join(folder, 'data'), '--output', path];
    const said = await fedvox('model', 'plan', ...places, ...options);
    return { said, path };
  };

  it(
    'is a file with its reasons beside what they are of, and is what was said',
    async () => {
      const classes = ['--classes', 'organ', 'lesion'];
      const { said, path } = await planned(...classes, '--memory', '1', '--json');
      expect(said.exitCode, said.stderr).toBe(0);
      const text = await readFile(path, 'utf8');
      const job = parseConfig(text, newJobSchema, 'job', path);
      const {
        trainingBytes,
        reasons,
        job: shown,
      } = lastLine(said) as {
        trainingBytes: number;
        reasons: Record<string, string[]>;
        job: object;
      };
      expect(job).toMatchObject(shown);
      expect(job.preprocess[1]).toMatchObject({ kind: 'resample', spacingMm: [6, 6, 12] });
      expect(trainingBytes).toBeLessThan(2 ** 30);
      for (const line of Object.values(reasons).flat()) expect(text).toContain(`# ${line}`);
    },
    PATIENCE_MS,
  );

  it.skipIf(!torchAvailability().available)(
    'trains as it is',
    async () => {
      const { path } = await planned('--classes', 'organ', 'lesion', '--memory', '1');
      const places = ['--data', join(folder, 'data'), '--cache', join(folder, 'cache')];
      const model = join(folder, 'model.safetensors');
      const said = await fedvox(
        ...['model', 'train', path, ...places, '--epochs', '1', '--output', model, '--json'],
      );
      expect(lastLine(said), said.stderr).toMatchObject({ best: { epoch: 1 } });
    },
    PATIENCE_MS,
  );

  it('names what cannot be a class, and a folder without the labels', async () => {
    const { said } = await planned('--classes', 'Organ');
    expect(said.stderr).toContain('error: Organ cannot name a job or a class');
    const { said: none } = await planned('--classes', 'kidney');
    expect(none.stderr).toContain('no labelled voxel was found in 0 case(s). Refused: ');
    expect(none.exitCode).toBe(1);
  });
});
