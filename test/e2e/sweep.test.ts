import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hasRedis, newTestQueue } from '../../packages/simulator/src/testing/redis-server.js';
import { FEDVOX, fedvox, lastLine } from './fedvox-command.js';

const queue = newTestQueue();
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fedvox-sweep-'));
});
afterAll(() => rm(folder, { recursive: true }));

/** What `fedvox sweep-worker` or `simulate --queue` says while it goes on. */
class Said {
  readonly closed: Promise<unknown>;
  stderr = '';

  private constructor(readonly child: ChildProcess) {
    this.closed = once(child, 'close');
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.stderr += text;
    });
  }

  static of(...args: readonly string[]): Said {
    return new Said(
      spawn(FEDVOX.node, [FEDVOX.entry, ...args], { stdio: ['ignore', 'ignore', 'pipe'] }),
    );
  }

  static worker(...options: readonly string[]): Said {
    return Said.of('sweep-worker', '--queue', queue.address, ...options);
  }

  /** Resolves once it said so. */
  async says(pattern: RegExp): Promise<void> {
    while (!pattern.test(this.stderr)) {
      if (this.child.exitCode !== null) throw new Error(`it ended instead:\n${this.stderr}`);
      await once(this.child.stderr as NodeJS.ReadableStream, 'data');
    }
  }

  async end(signal: NodeJS.Signals): Promise<void> {
    this.child.kill(signal);
    await this.closed;
  }
}

const taken = ({ stderr }: Said) => namesIn(stderr, /^Taken: (.+), in /gm);
const ended = ({ stderr }: Said) => namesIn(stderr, /^\[1\/1\] (.+): Dice [\d.]+$/gm);
const namesIn = (text: string, pattern: RegExp) =>
  [...text.matchAll(pattern)].map(([, name]) => name as string);

async function resultsIn(out: string): Promise<string[]> {
  const names = ['html', 'zh.html', 'json', 'csv'];
  return Promise.all(names.map((name) => readFile(join(out, `comparison.${name}`), 'utf8')));
}

describe.skipIf(!hasRedis)('a sweep over worker processes', () => {
  afterAll(() => queue.clear());

  it('ends as without a queue, no piece run twice, whoever of its workers is killed or stopped', async () => {
    const scenario = await writeScenario('swept', { rounds: 40, sites: 40 });
    const plain = join(folder, 'plain');
    const here = await fedvox('simulate', scenario, '--out', plain);
    expect(here.exitCode, here.stderr).toBe(0);

    const out = join(folder, 'queued');
    const asked = ['simulate', scenario, '--out', out, '--queue', queue.address];
    const waiting = Said.of(...asked);
    await waiting.says(/^0 workers for 6 pieces; start some: fedvox sweep-worker --queue redis:/m);
    const killed = Said.worker();
    await killed.says(/^Taken: /m);
    await killed.end('SIGKILL');
    const stopped = Said.worker();
    await stopped.says(/^Taken: /m);
    await stopped.end('SIGTERM');
    // Asked for twice, and still each piece is queued once.
    const waitingToo = Said.of(...asked, '--resume');
    const workers = [Said.worker('--until-idle'), Said.worker('--until-idle')];
    await Promise.all([waiting, waitingToo, ...workers].map(({ closed }) => closed));

    const all = [killed, stopped, ...workers];
    const pieces = ['fedavg', 'fedprox', 'pooled'].flatMap((name) => [
      `${name}, seed 1`,
      `${name}, seed 2`,
    ]);
    expect(all.flatMap(ended).toSorted(), waiting.stderr).toEqual(pieces);
    const cutOff = [...taken(killed), ...taken(stopped)].filter(
      (name) => ![...ended(killed), ...ended(stopped)].includes(name),
    );
    expect(cutOff.length).toBeGreaterThan(0);
    expect(all.flatMap(taken).toSorted()).toEqual([...pieces, ...cutOff].toSorted());
    expect(await resultsIn(out)).toEqual(await resultsIn(plain));
  }, 300_000);

  it('goes on after a piece that fails, names it at the end, and takes up nothing but that', async () => {
    // Fewer sites than a hospital agrees to be averaged with.
    const second = '{ name: too-few, job: { federation: { minSites: 2 } } }';
    const scenario = await writeScenario('failing', { rounds: 2, sites: 8, second });
    const asked = ['simulate', scenario, '--queue', queue.address, '--json'];
    const out = join(folder, 'failing');
    const worker = Said.worker();
    const failed = await fedvox(...asked, '--out', out);
    const again = await fedvox(...asked, '--out', out, '--resume');
    await worker.end('SIGTERM');
    for (const run of [failed, again]) {
      const reason = 'seed 1: job organ ended as failed: gate-not-passed; .*; too-few, seed 2: job';
      const message = expect.stringMatching(`^2 of 6 pieces failed; .* too-few, ${reason}`);
      expect(lastLine(run)).toMatchObject({ error: { code: 'simulator/pieces-failed', message } });
    }
    const count = (pattern: RegExp) => namesIn(worker.stderr, pattern).length;
    expect(ended(worker)).toHaveLength(4);
    expect(count(/^Taken: (too-few, seed [12]), in /gm)).toBe(4);
    expect(count(/^Failed: (too-few, seed [12]): job organ ended as failed/gm)).toBe(4);
  }, 120_000);
});

async function writeScenario(
  name: string,
  {
    rounds,
    sites,
    second = '{ name: fedprox, job: { federation: { strategy: { kind: fedprox, mu: 0.5 } } } }',
  }: { readonly rounds: number; readonly sites: number; readonly second?: string },
): Promise<string> {
  const path = join(folder, `${name}.yaml`);
  await writeFile(
    path,
    `name: ${name}
description: Pieces that take a moment.
federation: demo-consortium
mode: virtual
surrogate: { spread: 0.5, curvature: [0.3, 3] }
sites: [{ name: clinic, count: ${sites} }]
compare:
  seeds: [1, 2]
  baselines: [pooled]
  variants:
    - { name: fedavg }
    - ${second}
job:
  name: organ
  classes: [background, organ]
  preprocess: [{ kind: zscore }]
  network: { kind: unet, channels: [8, 16], strides: [2] }
  training: { optimizer: { kind: sgd, learningRate: 0.05 }, batchSize: 2, localSteps: 40 }
  evaluation: { bestBy: dice, auc: { level: voxel, classes: [organ] }, validationFraction: 0.25 }
  federation: { rounds: ${rounds}, minSites: 6, deadline: 30m, firewall: "off" }
  seed: 20
`,
  );
  return path;
}

describe('a comparison for a queue', () => {
  it.each([
    [
      'queue-unreachable',
      'redis://127.0.0.1:1',
      /at 127\.0\.0\.1:1 does not answer: .*ECONNREFUSED/,
    ],
    ['queue-address', 'http://me:secret@127.0.0.1', /^http:\/\/…@127\.0\.0\.1 is no address/],
  ])('is refused as %s where there is no server at %s', async (code, address, message) => {
    const scenario = await writeScenario(code, { rounds: 1, sites: 6 });
    const out = join(folder, code);
    const commands = [['simulate', scenario, '--out', out], ['sweep-worker']];
    for (const command of commands) {
      const refused = await fedvox(...command, '--queue', address, '--json');
      expect(refused.exitCode).toBe(1);
      expect(lastLine(refused)).toMatchObject({
        error: { code: `simulator/${code}`, message: expect.stringMatching(message) },
      });
    }
  });

  it('is none where nothing is compared', async () => {
    const refused = await fedvox(
      'simulate',
      'scenarios/demo.yaml',
      '--queue',
      'redis://x',
      '--json',
    );
    expect(lastLine(refused)).toMatchObject({ error: { code: 'simulator/nothing-to-queue' } });
  });
});
