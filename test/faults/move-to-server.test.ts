import { copyFileSync, existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { systemChance, systemClock } from '@fedvox/base/system';
import { backUpCoordinator, checkCoordinator } from '@fedvox/coordinator';
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
    const settings = { store: database.url, blobs };
    const coordinator = await recorded.startCoordinator({}, settings);
    const operator = recorded.operator(coordinator);
    const agents = await Promise.all(
      RECORDED_SITES.map((site) => recorded.startAgent(site, coordinator)),
    );
    stops.push(...agents.map((agent) => () => agent.stop()), () => operator.close());
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

    const looked = async () => {
      const surroundings = { clock: systemClock, chance: systemChance };
      const { lines } = await checkCoordinator(recorded.config(settings), surroundings);
      const of = (name: string) => lines.find(({ what }) => what === name);
      return [of('database'), of('bucket')];
    };
    expect(await looked()).toMatchObject([
      { state: 'ok', text: expect.stringMatching(/^of version \d+ on postgres:.*; .* leads/) },
      { state: 'ok', text: 'federation answers' },
    ]);

    // While it runs, and when it does not: rows come along, bytes are looked for where they stay.
    const backUp = (name: string) =>
      backUpCoordinator({
        config: recorded.config(settings),
        folder: join(recorded.root, name),
        address: `localhost:${coordinator.httpPort}`,
        clock: systemClock,
        chance: systemChance,
      });
    const first = await backUp('first');
    await coordinator.stop();
    expect((await looked())[0]?.text).toContain('nobody leads');
    const second = await backUp('second');
    expect(second).toMatchObject({ blobs: first.blobs, bytes: first.bytes });
    expect(readdirSync(second.folder).sort()).toEqual(['backup.json', 'state.sqlite']);
    const lost = running.rounds.at(-1) as string;
    s3.objects.delete(`f/${lost.slice(0, 2)}/${lost}`);
    await expect(backUp('third')).rejects.toMatchObject({
      code: 'coordinator/backup-incomplete',
      message: expect.stringContaining(`${lost} of bucket`),
    });

    // Restored to a database that holds nothing, it is all there.
    const empty = await newTestDatabase();
    stops.push(() => empty.drop());
    for (const name of ['state.sqlite', 'backup.json']) {
      copyFileSync(join(second.folder, name), join(recorded.stateDir, name));
    }
    const restored = await recorded.startCoordinator({}, { store: empty.url, blobs });
    stops.unshift(() => restored.stop());
    const asked = recorded.operator(restored);
    stops.unshift(() => asked.close());
    expect((await asked.job(ended.id)).rounds).toHaveLength(ended.rounds.length);
    expect((await asked.job(running.id)).status).toBe('completed');
  }, 90_000);
});
