import { cp, mkdtemp, open, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLogger, systemChance, systemClock } from '@fedvox/base/system';
import {
  type CoordinatorCheck,
  type CoordinatorConfig,
  type CoordinatorFinding,
  checkCoordinator,
  startCoordinator,
} from '@fedvox/coordinator';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createTestConsortium, type TestConsortium } from '../support/consortium.js';
import { reservePorts } from '../support/coordinator-process.js';
import { enrollAll, operatorOf, submitTinyJob, testConfig } from '../support/federation.js';
import { fedvox } from './command.js';

const DAY_MS = 86_400_000;

let template: TestConsortium;
let root: string;
let consortium: TestConsortium;
let config: CoordinatorConfig;
beforeAll(async () => {
  template = await createTestConsortium();
  return () => template.remove();
});
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'fedvox-check-'));
  consortium = { ...template, folder: join(root, 'consortium') };
  await cp(template.folder, consortium.folder, { recursive: true });
  config = testConfig(consortium, join(root, 'state'), await reservePorts());
  const { federation, stateDir, consortiumDir, publicHost, listen } = config;
  const yaml = { federation, stateDir, consortiumDir, publicHost, listen };
  await writeFile(join(root, 'coordinator.yaml'), JSON.stringify(yaml));
});
afterEach(() => rm(root, { recursive: true }));

const check = (nowMs = Date.now()) =>
  checkCoordinator(config, {
    clock: { ...systemClock, nowMs: () => nowMs },
    chance: systemChance,
  });
const line = ({ lines }: CoordinatorCheck, name: CoordinatorFinding['what']) =>
  lines.find(({ what }) => what === name) as CoordinatorFinding;
const start = () => startCoordinator(config, { log: silentLogger() });
const typed = (...more: string[]) =>
  fedvox({}, 'coordinator', 'check', '--config', join(root, 'coordinator.yaml'), ...more);

/** Leaves a state with some events behind. */
async function leaveState(): Promise<void> {
  const running = await start();
  const operator = operatorOf(consortium, running.httpPort);
  const sites = await enrollAll(consortium, operator);
  await submitTinyJob(operator, root, { rounds: 1, minSites: 2 });
  for (const each of [operator, ...sites]) each.close();
  await running.stop();
}

describe('fedvox coordinator check', () => {
  it('finds nothing wrong before the first start, and makes nothing', async () => {
    const { exitCode, stdout } = await typed();
    expect(exitCode).toBe(0);
    for (const said of [
      /^ok {6} certificates: for localhost, until \d{4}-\d\d-\d\d; the root until \d{4}/m,
      /^ok {6} operators: operator \(operator\)$/m,
      /^ok {6} public host: localhost is /m,
      /^ok {6} ports: federationPort \d+ is free; enrollmentPort \d+ is free; httpPort \d+ is free$/m,
      / disk: [\d.]+ GiB of [\d.]+ GiB are free for /,
      /^ok {6} database: none yet: it begins in .*state at the first start$/m,
      /^ok {6} revocations: none yet: /m,
      /^ok {6} clock: \d{4}-/m,
    ]) {
      expect(stdout).toMatch(said);
    }
    await expect(cp(join(root, 'state'), join(root, 'x'))).rejects.toMatchObject({
      code: 'ENOENT',
    });
  });

  it('sees its own coordinator at work, and that it reads its database', async () => {
    const running = await start();
    const { exitCode, stdout } = await typed('--json');
    await running.stop();
    expect(exitCode).toBe(0);
    const result = JSON.parse(stdout) as CoordinatorCheck;
    expect(line(result, 'ports').text).toMatch(
      /federationPort \d+ is served by this coordinator; /,
    );
    expect(line(result, 'database').text).toMatch(/^held by the coordinator that runs here \(/);
  });

  it('reads the database of one that is stopped: whole, damaged, or too new', async () => {
    await leaveState();
    expect(line(await check(), 'database')).toMatchObject({
      state: 'ok',
      text: expect.stringMatching(/^whole, of version \d+$/),
    });
    expect(line(await check(), 'clock').text).toContain('after the last event');
    const path = join(config.stateDir, 'state.sqlite');
    const file = await open(path, 'r+');
    // `user_version` of the header, as SQLite's file format has it.
    await file.write(Buffer.from([0, 0, 3, 0xe8]), 0, 4, 60);
    expect(line(await check(), 'database')).toMatchObject({
      state: 'failure',
      text: expect.stringMatching(/^it is of version 1000; this coordinator knows \d+$/),
    });
    await file.write(Buffer.alloc(4096, 0x5a), 0, 4096, 4096);
    await file.close();
    const damaged = line(await check(), 'database');
    expect(damaged.state).toBe('failure');
    expect((await typed()).exitCode).toBe(1);
  });

  it('is told of a clock that stands before the last event', async () => {
    await leaveState();
    expect(line(await check(Date.now() - DAY_MS / 144), 'clock')).toMatchObject({
      state: 'failure',
      text: expect.stringContaining('but the last event was at'),
      advice: expect.stringContaining('NTP'),
    });
  });

  it('names a port that another program has', async () => {
    const other: Server = createServer((socket) => socket.destroy());
    const { enrollmentPort } = config.listen;
    await new Promise<void>((done) => other.listen(enrollmentPort, 'localhost', done));
    const found = line(await check(), 'ports');
    await new Promise((done) => other.close(done));
    expect(found).toMatchObject({
      state: 'failure',
      text: `enrollmentPort ${enrollmentPort} is taken by another program`,
    });
  });

  it('warns of certificates that end, and fails where they have, or are for another host', async () => {
    const soon = await check(Date.now() + 800 * DAY_MS);
    expect(line(soon, 'certificates')).toMatchObject({
      state: 'warning',
      text: expect.stringMatching(/ends on .*, in 24 days$/),
    });
    expect(line(soon, 'operators').state).toBe('warning');
    expect(soon.ok).toBe(true);
    const late = await check(Date.now() + 900 * DAY_MS);
    expect(line(late, 'certificates').text).toContain('counts from');
    expect(line(late, 'operators').text).toContain('nobody can give orders');
    expect(late.ok).toBe(false);
    config = { ...config, publicHost: 'elsewhere.invalid' };
    const elsewhere = await check();
    expect(line(elsewhere, 'certificates').text).toContain('publicHost is elsewhere.invalid');
    expect(line(elsewhere, 'public host').state).toBe('warning');
  });

  it('says where nobody could give orders, and where the revocations are gone', async () => {
    await leaveState();
    await rm(join(consortium.folder, 'operators'), { recursive: true });
    await rm(join(consortium.folder, 'revocations.jsonl'));
    const result = await check();
    expect(line(result, 'operators')).toMatchObject({
      state: 'failure',
      text: 'nobody can give orders: nobody is known',
    });
    expect(line(result, 'revocations')).toMatchObject({
      state: 'warning',
      advice: expect.stringContaining('newest copy'),
    });
  });
});
