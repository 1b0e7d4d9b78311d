import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { stateFolder } from '@fedvox/agent';
import type { CoordinatorClient } from '@fedvox/coordinator/client';
import { type JobInput, jobSchema } from '@fedvox/job';
import type { LocalFederation } from '@fedvox/simulator';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fedvox, lastLine } from './fedvox-command.js';
import {
  foundTinyFederation,
  joinAll,
  removeFederation,
  tinyJob,
  untilJob,
} from './tiny-federation.js';

const ROUNDS = 2;
/** Real processes train for all of them: slow on a busy machine, and nothing else. */
const PATIENCE_MS = 400_000;

type Strategy = NonNullable<JobInput['federation']['strategy']>;

let federation: LocalFederation;
let client: CoordinatorClient;
beforeAll(async () => {
  federation = await foundTinyFederation();
  await joinAll(federation);
  client = await federation.client();
}, PATIENCE_MS);
afterAll(async () => {
  client.close();
  await removeFederation(federation);
}, 60_000);

/** A job of two hospitals that names a strategy, to its end. */
async function played(
  strategy: Strategy,
  { training = {}, network = {} }: { training?: object; network?: object } = {},
) {
  const tiny = tinyJob(ROUNDS);
  const job = jobSchema.parse({
    ...tiny,
    name: strategy.kind,
    network: { ...tiny.network, ...network },
    training: { ...tiny.training, ...training },
    federation: { ...tiny.federation, strategy },
  });
  const id = await federation.submit(job);
  const { status, rounds } = await untilJob(client, id, ({ status }) => isOver(status));
  const models = rounds.map(({ modelSha256 }) => modelSha256);
  return { id, status, models, statements: await statementsOf(id) };
}

const isOver = (status: string) => !['running', 'paused'].includes(status);

async function statementsOf(id: string): Promise<Record<string, unknown>[]> {
  const updates = await client.updates(id, 1);
  return updates.map(({ statement }) =>
    JSON.parse(Buffer.from(statement.payload, 'base64').toString('utf8')),
  );
}

const keptOf = (site: string) => stateFolder(federation.folders.site(site).state).kept;

describe('two hospitals of real processes', () => {
  it(
    'play each strategy that asks something of them to its end, and say no more than it needs',
    async () => {
      const descent = { optimizer: { kind: 'sgd', learningRate: 0.05 }, localSteps: 3 };
      const affine = { norm: { kind: 'instance', affine: true } };
      const games = [
        await played({ kind: 'fednova' }),
        await played({ kind: 'q-fedavg', q: 1, lipschitz: 100 }),
        await played({ kind: 'scaffold' }, { training: descent }),
        await played({ kind: 'ditto', lambda: 0.1 }),
        await played({ kind: 'fedbn' }, { network: affine }),
      ];
      expect(games.map(({ status }) => status)).toEqual(games.map(() => 'completed'));
      // The initial model, then one for each round.
      for (const { models } of games) expect(new Set(models.slice(0, ROUNDS + 1)).size).toBe(3);
      const [fedNova, ...others] = games;
      for (const statement of fedNova?.statements ?? []) {
        expect(statement).toMatchObject({ kind: 'fedvox/update/v2', localSteps: 2 });
      }
      for (const { statements } of others) {
        expect(statements.map(({ kind }) => kind)).toEqual(Array(2).fill('fedvox/update/v1'));
      }
      const [ditto, fedBn] = games.slice(3);
      // What SCAFFOLD kept went with its last evaluation.
      expect((await readdir(keptOf('north'))).sort()).toEqual([ditto?.id, fedBn?.id].sort());

      const config = federation.folders.site('north').config;
      const listed = await fedvox('agent', 'models', '--config', config, '--json');
      expect(lastLine(listed)).toEqual(
        [
          { job: ditto?.id, round: ROUNDS },
          // Its own norms in the last model, as it was evaluated.
          { job: fedBn?.id, round: ROUNDS + 1 },
        ].map(({ job, round }) => ({
          ...{
            job,
            round,
            path: join(keptOf('north'), `${job}`, `${round}`, 'personal.safetensors'),
          },
          figures: expect.objectContaining({ dice: expect.any(Number), validationCases: 2 }),
        })),
      );
    },
    PATIENCE_MS,
  );
});
