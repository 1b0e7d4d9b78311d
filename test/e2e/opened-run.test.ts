import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ScenarioInput } from '@fedvox/simulator';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FEDVOX, fedvox, lastLine } from './fedvox-command.js';
import { tinyJob } from './tiny-federation.js';

const SHORT: ScenarioInput = {
  name: 'short',
  description: 'Two tiny hospitals and one round.',
  federation: 'tiny',
  engine: 'cpu',
  sites: ['north', 'south'].map((name) => ({
    name,
    data: { kind: 'phantom', cases: 4, scanner: { spacingMm: [8, 8, 8] } },
    policy: { minCohort: 2, minCasesForMetrics: 1 },
  })),
  job: tinyJob(1),
};

let folder: string;
let scenario: string;
let run: ChildProcess | undefined;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fedvox-opened-'));
  scenario = join(folder, 'short.yaml');
  await writeFile(scenario, JSON.stringify(SHORT));
});
afterEach(async () => {
  run?.kill('SIGKILL');
  await rm(folder, { recursive: true });
});

describe('fedvox simulate --open', { timeout: 240_000 }, () => {
  it('ends with the dashboard of the run’s own coordinator, until it is interrupted', async () => {
    const args = [FEDVOX.entry, 'simulate', scenario, '--open', '--out', join(folder, 'run')];
    run = spawn(FEDVOX.node, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    const exit = once(run, 'exit');
    let said = '';
    run.stdout?.on('data', (chunk) => {
      said += chunk;
    });
    const linkOf = () => /http:\/\/127\.0\.0\.1:\d+\/enter\/\S+/.exec(said)?.[0];
    await expect.poll(linkOf, { timeout: 200_000 }).toBeDefined();
    const link = linkOf() as string;
    const entered = await fetch(link);
    expect(entered.status).toBe(200);
    const [cookie = ''] = entered.headers.getSetCookie().map((each) => each.split(';')[0]);
    const jobs = await fetch(new URL('/api/jobs', link), { headers: { cookie } });
    expect(await jobs.text()).toMatch(/"status":"completed"/);
    run.kill('SIGINT');
    expect((await exit)[0]).toBe(0);
  });

  it('is refused before anything runs where no coordinator would be there to show', async () => {
    const out = join(folder, 'run');
    const virtual = await fedvox(
      ...['simulate', scenario, '--open', '--mode', 'virtual', '--out', out, '--json'],
    );
    expect(virtual.exitCode).toBe(1);
    expect(lastLine(virtual)).toMatchObject({ error: { code: 'simulator/nothing-to-open' } });
  });
});
