import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { stateFolder } from '@fedvox/agent';
import { seededRandom } from '@fedvox/base';
import type { JobDetails } from '@fedvox/coordinator';
import type { CoordinatorClient } from '@fedvox/coordinator/client';
import { type Job, jobSchema } from '@fedvox/job';
import type { LocalFederation } from '@fedvox/simulator';
import { decodeMetadata } from '@fedvox/weights';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  foundTinyFederation,
  joinAll,
  removeFederation,
  tinyJob,
  untilJob,
} from '../e2e/tiny-federation.js';

/** `npm run training-kills` says how often; elsewhere a few stand for them. */
const KILLS = Number(process.env.FEDVOX_TRAINING_KILLS ?? 2);
/** So many that an agent is met in the middle of them. */
const STEPS = 60;
/** More than kills, so that none waits for a job that is over. */
const ROUNDS = KILLS + 2;
const VICTIM = 'north';
const LOOK_MS = 5;

/** Momentum, augmentation and a schedule over steps: all that a round goes on from. */
const job: Job = jobSchema.parse({
  ...tinyJob(ROUNDS),
  training: {
    ...{ batchSize: 1, localSteps: STEPS, checkpointEvery: 1 },
    optimizer: { kind: 'sgd', learningRate: 0.01, momentum: 0.9 },
    schedule: { kind: 'cosine', over: 'steps' },
  },
});
const completed = ({ status }: JobDetails) => status === 'completed';

let federation: LocalFederation;
let client: CoordinatorClient;
beforeAll(async () => {
  federation = await foundTinyFederation();
  await joinAll(federation);
  client = await federation.client();
}, 120_000);
afterAll(async () => {
  client.close();
  await removeFederation(federation);
}, 60_000);

/** The step that the victim's round has written down; 0 where it has none. */
async function writtenStep(): Promise<number> {
  const { work } = stateFolder(federation.folders.site(VICTIM).state);
  try {
    const bytes = await readFile(join(work, 'checkpoints', 'round.safetensors'));
    const { place } = JSON.parse(decodeMetadata(bytes)['fedvox.checkpoint'] ?? '');
    return place.stepsBefore + place.steps;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return 0;
    throw error;
  }
}

/** Steps that rounds of the victim went on from, as its log has them. */
async function resumedSteps(): Promise<number[]> {
  const log = await readFile(federation.folders.log(`agent-${VICTIM}`), 'utf8');
  return [...log.matchAll(/^.*goes on from its checkpoint.*$/gm)].map(([line]) =>
    Number(JSON.parse(line).step),
  );
}

describe('invariant 2: nothing is trained twice that was written down', () => {
  it(`in the byte-identical models of all rounds, an agent killed in its training ${KILLS} times`, {
    timeout: 300_000 + KILLS * 60_000,
  }, async () => {
    const calm = await federation.submit(job);
    const expected = await untilJob(client, calm, completed);

    const disturbed = await federation.submit(job);
    let isOver = false;
    const ended = untilJob(client, disturbed, completed).finally(() => {
      isOver = true;
    });
    const random = seededRandom('training-kills');
    let left = 0;
    for (let kill = 0; kill < KILLS && !isOver; kill++) {
      const step = 1 + random.below(STEPS / 2);
      // The round that was cut off again, so many steps later, or the one behind it.
      const mayBeSame = random.uniform() < 0.5;
      let isNext = left === 0;
      const isThere = (now: number) => now >= (isNext ? step : left + step);
      for (let now = left; !isOver && !(isThere(now) && (isNext || mayBeSame)); ) {
        await setTimeout(LOOK_MS);
        now = await writtenStep();
        isNext ||= now < left;
      }
      await federation.crashAgent(VICTIM);
      await federation.startAgent(VICTIM);
      left = await writtenStep();
    }
    const actual = await ended;

    expect(actual.rounds).toEqual(expected.rounds);
    expect(new Set(actual.rounds.map(({ modelSha256 }) => modelSha256)).size).toBe(ROUNDS + 1);
    const resumed = await resumedSteps();
    console.log(`killed ${KILLS} times; went on from the steps ${resumed.join(', ')} of ${STEPS}`);
    expect(resumed.length).toBeGreaterThan(KILLS / 2);
    expect(await writtenStep()).toBe(0);
  });
});
