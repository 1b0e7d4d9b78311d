import type { JobDetails } from '@fedvox/coordinator';
import type { CoordinatorClient } from '@fedvox/coordinator/client';
import type { LocalFederation } from '@fedvox/simulator';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  foundTinyFederation,
  joinAll,
  removeFederation,
  tinyJob,
  untilJob,
} from './tiny-federation.js';

const ROUNDS = 3;
const completed = ({ status }: JobDetails) => status === 'completed';

let federation: LocalFederation;
beforeAll(async () => {
  federation = await foundTinyFederation();
  await joinAll(federation);
}, 120_000);
afterAll(() => removeFederation(federation), 60_000);

async function asOperator<T>(speak: (client: CoordinatorClient) => Promise<T>): Promise<T> {
  const client = await federation.client();
  try {
    return await speak(client);
  } finally {
    client.close();
  }
}

describe('invariant 2: nothing accepted is ever lost', () => {
  it('ends in the byte-identical models when the coordinator is killed between two rounds', async () => {
    const undisturbed = await federation.submit(tinyJob(ROUNDS));
    const expected = await asOperator((client) => untilJob(client, undisturbed, completed));

    const disturbed = await federation.submit(tinyJob(ROUNDS));
    for (const round of [1, 2]) {
      await asOperator((client) =>
        untilJob(client, disturbed, ({ rounds }) => rounds.length > round),
      );
      await federation.crashCoordinator();
      await federation.startCoordinator();
    }
    const actual = await asOperator((client) => untilJob(client, disturbed, completed));

    expect(actual.rounds.map(({ modelSha256 }) => modelSha256)).toEqual(
      expected.rounds.map(({ modelSha256 }) => modelSha256),
    );
    expect(new Set(actual.rounds.map(({ modelSha256 }) => modelSha256)).size).toBe(ROUNDS + 1);
    expect(actual.best).toEqual(expected.best);
    expect(actual.rounds).toEqual(expected.rounds);
  }, 240_000);
});
