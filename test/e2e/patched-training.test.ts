import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sha256File } from '@fedvox/base/system';
import { type Job, newJobSchema } from '@fedvox/job';
import { phantomSchema, writeHospital } from '@fedvox/simulator';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fedvox, lastLine } from './fedvox-command.js';
import {
  foundTinyFederation,
  joinAll,
  removeFederation,
  tinyJob,
  untilJob,
} from './tiny-federation.js';

/** Real processes train: slow on a busy machine, and nothing else. */
const PATIENCE_MS = 300_000;
const PATIENTS = phantomSchema.parse({
  ...{ kind: 'phantom', cases: 4, scanner: { spacingMm: [6, 6, 6] } },
});

/** Scans stay of the size that they have, which is no multiple of what the network divides. */
function patchedJob(): Job {
  const { preprocess, training, ...tiny } = tinyJob(1);
  return newJobSchema.parse({
    ...tiny,
    preprocess: preprocess.filter(({ kind }) => kind !== 'crop-or-pad'),
    training: { ...training, patches: { size: [8, 8, 4], perCase: 2 } },
  });
}

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fedvox-patched-'));
  await writeHospital(join(folder, 'data'), 'north', PATIENTS, 3);
}, PATIENCE_MS);
afterAll(() => rm(folder, { recursive: true }));

describe('a job that trains on patches', () => {
  it(
    'is trained by fedvox model train, to the same bytes again, and evaluated',
    async () => {
      const at = (name: string) => join(folder, name);
      await writeFile(at('job.json'), JSON.stringify(patchedJob()));
      const places = ['--data', at('data'), '--cache', at('cache'), '--json'];
      const digests: string[] = [];
      for (const model of ['a.safetensors', 'b.safetensors']) {
        const curves = ['--tensorboard', at('curves'), '--history', at('history.csv')];
        const options = [
          '--epochs',
          '2',
          '--output',
          at(model),
          '--threads',
          '1',
          ...places,
          ...curves,
        ];
        const said = await fedvox('model', 'train', at('job.json'), ...options);
        expect(said.exitCode, said.stderr).toBe(0);
        digests.push(await sha256File(at(model)));
      }
      expect(digests[1]).toBe(digests[0]);
      const [events = ''] = await readdir(at('curves'));
      const curve = (await readFile(join(at('curves'), events))).toString('latin1');
      for (const tag of ['brain.Event:2', 'loss/batch', 'validation/dice/organ', 'learning_rate']) {
        expect(curve).toContain(tag);
      }
      expect(await readFile(at('history.csv'), 'utf8')).toMatch(
        /,learning_rate\r\n1,.*,0\.001\r\n2,/,
      );
      const measured = await fedvox(
        'model',
        'evaluate',
        '--model',
        at('a.safetensors'),
        ...places,
        '--lesions',
      );
      expect(lastLine(measured), measured.stderr).toMatchObject({
        ...{ validationCases: 4, dice: expect.any(Number) },
        lesions: {
          rule: { neighbours: 26, overlap: 0.1 },
          perClass: [
            { name: 'organ', lesions: 4 },
            { name: 'lesion', lesions: 2 },
          ],
        },
      });
    },
    PATIENCE_MS,
  );

  it(
    'goes through a round at two hospitals',
    async () => {
      const federation = await foundTinyFederation();
      try {
        await joinAll(federation);
        const client = await federation.client();
        const id = await federation.submit(patchedJob());
        const { status, rounds } = await untilJob(client, id, (job) => job.status !== 'running');
        client.close();
        expect(status).toBe('completed');
        const models = rounds.map(({ modelSha256 }) => modelSha256);
        expect(models[1]).toMatch(/^[0-9a-f]{64}$/);
        expect(models[1]).not.toBe(models[0]);
      } finally {
        await removeFederation(federation);
      }
    },
    PATIENCE_MS,
  );
});
