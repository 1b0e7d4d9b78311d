import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import {
  hasPostgres,
  newTestDatabase,
  type TestDatabase,
} from '../../packages/coordinator/src/testing/postgres-server.js';
import { TestS3 } from '../../packages/coordinator/src/testing/s3-server.js';
import { waitForJob } from '../support/federation.js';
import {
  RECORDED_JOBS,
  RECORDED_SITES,
  RecordedFederation,
} from '../support/recorded-federation.js';

describe.skipIf(!hasPostgres)('a state folder that an earlier version left in mid-round', () => {
  let recorded: RecordedFederation;
  let database: TestDatabase;
  let s3: TestS3;
  const stops: (() => Promise<void> | void)[] = [];
  beforeAll(async () => {
    recorded = new RecordedFederation();
    database = await newTestDatabase();
    s3 = await TestS3.open();
    for (const [name, value] of Object.entries(s3.environment)) vi.stubEnv(name, value);
    // As "aws s3 sync" does.
    const folder = join(recorded.stateDir, 'blobs');
    for (const shelf of readdirSync(folder)) {
      for (const digest of readdirSync(join(folder, shelf))) {
        const bytes = readFileSync(join(folder, shelf, digest));
        s3.objects.set(`f/${shelf}/${digest}`, { bytes, storedAtMs: Date.now(), headers: {} });
      }
    }
  });
  afterAll(async () => {
    for (const stop of stops) await stop();
    vi.unstubAllEnvs();
    await s3.close();
    await database.drop();
    recorded.remove();
  });

  it('goes on with its rows on a PostgreSQL server and its bytes in a bucket, to the same bytes', async () => {
    const { ended, paused, running } = RECORDED_JOBS;
    const blobs = { bucket: s3.bucket, endpoint: s3.endpoint, pathStyle: true, prefix: 'f/' };
    const coordinator = await recorded.startCoordinator({}, { store: database.url, blobs });
    const operator = recorded.operator(coordinator);
    const agents = await Promise.all(
      RECORDED_SITES.map((site) => recorded.startAgent(site, coordinator)),
    );
    stops.push(
      ...agents.map((agent) => () => agent.stop()),
      () => operator.close(),
      () => coordinator.stop(),
    );
    await operator.resumeJob(paused.id);

    for (const { id, rounds, best } of [ended, paused, running]) {
      const job = await waitForJob(operator, id, ({ status }) => status === 'completed');
      expect(job.rounds.map(({ modelSha256 }) => modelSha256)).toEqual(rounds);
      expect(job.best).toEqual(best);
      for (const sha256 of rounds) {
        expect(s3.objects.has(`f/${sha256.slice(0, 2)}/${sha256}`)).toBe(true);
      }
    }
    for (const round of [1, 2, 3, 4]) {
      const updates = await operator.updates(running.id, round);
      expect(updates.map(({ site }) => site)).toEqual(RECORDED_SITES);
    }
    expect(existsSync(join(recorded.stateDir, 'state.sqlite'))).toBe(false);
    expect(existsSync(join(recorded.stateDir, 'state.sqlite.moved'))).toBe(true);
  }, 60_000);
});
