import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ScenarioInput } from '@fedvox/simulator';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FEDVOX } from './fedvox-command.js';
import { tinyJob } from './tiny-federation.js';

const ENDLESS: ScenarioInput = {
  name: 'endless',
  description: 'Two tiny hospitals that go on for longer than any test.',
  federation: 'tiny',
  engine: 'cpu',
  sites: ['north', 'south'].map((name) => ({
    name,
    data: { kind: 'phantom', cases: 4, scanner: { spacingMm: [8, 8, 8] } },
    policy: { minCohort: 2 },
  })),
  job: tinyJob(10_000),
};

interface RunningProcess {
  readonly pid: number;
  readonly parent: number;
  readonly command: string;
}

let folder: string;
let run: ChildProcess;
let said: string;
/** Everything that the run started, and what that started in turn: it must all end with the run. */
let started: readonly RunningProcess[];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fedvox-interruption-'));
  const scenario = join(folder, 'endless.yaml');
  await writeFile(scenario, JSON.stringify(ENDLESS));
  const args = [FEDVOX.entry, 'simulate', scenario, '--out', join(folder, 'run')];
  run = spawn(FEDVOX.node, args, { stdio: ['ignore', 'ignore', 'pipe'] });
  said = '';
  started = [];
  run.stderr?.on('data', (chunk) => {
    said += chunk;
  });
});

/** Waits until the run has said this, and notes what it has started by then. */
async function untilItSays(text: string): Promise<void> {
  await expect.poll(() => said, { timeout: 240_000 }).toContain(text);
  started = descendants(run.pid as number, await allProcesses());
}

afterEach(async () => {
  run.kill('SIGKILL');
  await expect.poll(survivors, { timeout: 20_000 }).toEqual([]);
  await rm(folder, { recursive: true });
}, 60_000);

async function allProcesses(): Promise<RunningProcess[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const all = await Promise.all(
    pids.map(async (pid) => {
      const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined);
      if (stat === undefined) return []; // ended since the folder was read
      const command = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
      const [, state, parent] = /\) (\S) (\d+)/.exec(stat) ?? [];
      return state === 'Z' ? [] : [{ pid: Number(pid), parent: Number(parent), command }];
    }),
  );
  return all.flat();
}

function descendants(pid: number, all: readonly RunningProcess[]): RunningProcess[] {
  const children = all.filter(({ parent }) => parent === pid);
  return children.flatMap((child) => [child, ...descendants(child.pid, all)]);
}

/** What the run started and still runs. */
async function survivors(): Promise<string[]> {
  const alive = new Set((await allProcesses()).map(({ pid, command }) => `${pid} ${command}`));
  return started.map(({ pid, command }) => `${pid} ${command}`).filter((each) => alive.has(each));
}

describe.skipIf(process.platform !== 'linux')(
  'a run of real processes',
  { timeout: 300_000 },
  () => {
    it('stops all of them when it is interrupted, and says so', async () => {
      await untilItSays('round 1/');
      // The coordinator, two agents, and a trainer of each.
      expect(started).toHaveLength(5);
      run.kill('SIGINT');
      const [exitCode] = await once(run, 'exit');
      expect(exitCode).toBe(1);
      expect(said).toMatch(/error: the run was interrupted; whatever it started was stopped\n→ /);
      expect(await survivors()).toEqual([]);
    });

    it('stops what it is just starting, too', async () => {
      await untilItSays('Starting the coordinator');
      run.kill('SIGINT');
      const [exitCode] = await once(run, 'exit');
      expect(exitCode).toBe(1);
      expect(said).toContain('error: the run was interrupted');
      expect(await survivors()).toEqual([]);
    });

    it('leaves none behind when it is killed itself', async () => {
      await untilItSays('round 1/');
      run.kill('SIGKILL');
      await once(run, 'exit');
      await expect.poll(survivors, { timeout: 20_000 }).toEqual([]);
    });

    it('names the one that died, stops the others and exits with 1', async () => {
      await untilItSays('round 1/');
      const agent = started.find(({ command }) => command.includes('sites/south'));
      process.kill(agent?.pid as number, 'SIGKILL');
      const [exitCode] = await once(run, 'exit');
      expect(exitCode).toBe(1);
      expect(said).toMatch(
        /error: agent south ended by itself \(signal SIGKILL\); the end of .*:\n/,
      );
      await expect.poll(survivors, { timeout: 20_000 }).toEqual([]);
    });
  },
);
