import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { getPriority, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { VirtualClock } from '@fedvox/base';
import { sha256File } from '@fedvox/base/system';
import { jobSchema } from '@fedvox/job';
import { initialModel } from '@fedvox/learning';
import { encodeWeights } from '@fedvox/weights';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type { WorkOrder, WorkProgress } from '../core/trainer.js';
import { writePhantoms } from '../testing/phantom.js';
import { TEST_JOB, until } from '../testing/site.js';
import { ChildTrainer } from './child-trainer.js';

/** Processes are started and networks trained: slow on a busy machine, and nothing else. */
vi.setConfig({ testTimeout: 120_000 });

const BUILT = fileURLToPath(new URL('../../dist/trainer/', import.meta.url));
const job = jobSchema.parse({ ...TEST_JOB, training: { batchSize: 2, localEpochs: 2 } });
const endless = jobSchema.parse({ ...TEST_JOB, training: { batchSize: 1, localEpochs: 1000 } });

let folder: string;
let baseModelPath: string;
let trainer: ChildTrainer;
let clock: VirtualClock;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'fedvox-trainer-'));
  await writePhantoms(join(folder, 'data'), 6);
  baseModelPath = join(folder, 'base.safetensors');
  writeFileSync(baseModelPath, encodeWeights(initialModel(job)));
});
afterAll(() => rmSync(folder, { recursive: true }));

beforeEach(() => {
  clock = new VirtualClock();
  trainer = new ChildTrainer({ setup: setup(), clock, entryPath: join(BUILT, 'trainer-entry.js') });
});
afterEach(() => trainer.close());

function setup() {
  return {
    site: 'north',
    dataset: { kind: 'msd', path: join(folder, 'data') } as const,
    cacheDir: join(folder, 'cache'),
    splitsDir: join(folder, 'splits'),
    headerIndex: join(folder, 'headers.index'),
    engine: 'cpu',
    logLevel: 'silent',
  } as const;
}

function order(changes: Partial<WorkOrder> = {}): WorkOrder {
  return {
    job,
    work: { kind: 'train', round: 1, baseModel: 'a'.repeat(64) },
    baseModelPath,
    deltaPath: join(folder, 'delta.safetensors'),
    ...changes,
  };
}

/** Starts work that would go on for long, and resolves once it has begun. */
async function begin(signal: AbortSignal): Promise<{ ended: Promise<unknown> }> {
  let begun = false;
  const onProgress = ({ phase }: WorkProgress) => {
    begun ||= phase === 'training';
  };
  const ended = trainer.run(order({ job: endless }), signal, onProgress).catch((error) => error);
  await until(() => begun);
  return { ended };
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

const never = new AbortController().signal;

describe.skipIf(!existsSync(join(BUILT, 'trainer-entry.js')))(
  'a trainer in a child process',
  () => {
    it('checks the data of a site', async () => {
      const work = { kind: 'check-data' } as const;
      expect(await trainer.run(order({ work }), never, () => undefined)).toEqual({
        kind: 'checked',
        outcome: 'pass',
        validationCases: 1,
      });
      const greedy = { ...job, data: { ...job.data, minCases: 7 } };
      expect(await trainer.run(order({ work, job: greedy }), never, () => undefined)).toEqual({
        kind: 'checked',
        outcome: 'too-few-cases',
        validationCases: 0,
      });
    });

    it('measures the base model, trains from it, and leaves the delta on disk', async () => {
      const phases = new Set<string>();
      const result = await trainer.run(order(), never, ({ phase }) => phases.add(phase));
      if (result.kind !== 'measured') throw new Error('trained, so it measured');
      expect(result).toMatchObject({ trainCases: 5, validationCases: 1 });
      expect(result.figures.auc).toBeGreaterThanOrEqual(0);
      expect(result.delta!.sha256).toBe(await sha256File(order().deltaPath));
      expect(phases).toEqual(new Set(['preparing', 'evaluating', 'training']));
    });

    it('only measures where nothing is to be trained, and knows the weight all the same', async () => {
      const work = { kind: 'evaluate', round: 2, baseModel: 'a'.repeat(64) } as const;
      const result = await trainer.run(order({ work }), never, () => undefined);
      expect(result).toMatchObject({ trainCases: 5, validationCases: 1, delta: null });
    });

    it('runs at a lower priority and leaves this event loop free', async () => {
      let turns = 0;
      const timer = setInterval(() => turns++, 1);
      const controller = new AbortController();
      const { ended } = await begin(controller.signal);
      expect(getPriority(trainer.pid!)).toBe(10);
      const before = turns;
      await until(() => turns > before + 20);
      clearInterval(timer);
      controller.abort();
      await ended;
    });

    it('is gone when its work is no longer wanted, and works again afterwards', async () => {
      const controller = new AbortController();
      const { ended } = await begin(controller.signal);
      const pid = trainer.pid!;
      controller.abort(new Error('no longer wanted'));
      expect(await ended).toMatchObject({ message: 'no longer wanted' });
      expect(isAlive(pid)).toBe(false);
      const work = { kind: 'check-data' } as const;
      expect(await trainer.run(order({ work }), never, () => undefined)).toMatchObject({
        outcome: 'pass',
      });
    });

    it('that crashes is one named error, and may be tried again', async () => {
      const { ended } = await begin(never);
      process.kill(trainer.pid!, 'SIGSEGV');
      expect(await ended).toMatchObject({ code: 'agent/trainer-died' });
    });

    it('passes on the work’s own named error with its advice', async () => {
      const work = order({ baseModelPath: join(folder, 'data', 'dataset.json') });
      await expect(trainer.run(work, never, () => undefined)).rejects.toMatchObject({
        code: expect.stringMatching(/^(learning|weights)\//),
        advice: expect.stringMatching(/\w/),
      });
    });

    it('is warm for the next order', async () => {
      const work = order({ work: { kind: 'check-data' } });
      await trainer.run(work, never, () => undefined);
      const { pid } = trainer;
      await trainer.run(work, never, () => undefined);
      expect(trainer.pid).toBe(pid);
    });

    it('gives its memory back once nothing was asked of it for a while', async () => {
      await trainer.run(order({ work: { kind: 'check-data' } }), never, () => undefined);
      const { pid } = trainer;
      await clock.advance(5 * 60_000 - 1);
      expect(trainer.pid).toBe(pid);
      await clock.advance(1);
      await until(() => !isAlive(Number(pid)));
      expect(trainer.pid).toBeUndefined();
    });

    it('ends with its agent, even in the middle of its work and the agent killed', async () => {
      const script = `
      const { ChildTrainer } = await import(${JSON.stringify(join(BUILT, 'child-trainer.js'))});
      const { systemClock } = await import('@fedvox/base/system');
      const setup = ${JSON.stringify(setup())};
      const trainer = new ChildTrainer({ setup, clock: systemClock });
      let told = false;
      const tell = ({ phase }) => {
        if (phase === 'training' && !told) console.log(trainer.pid);
        told ||= phase === 'training';
      };
      await trainer.run(${JSON.stringify(order({ job: endless }))}, new AbortController().signal, tell);
    `;
      const agent = spawn(process.execPath, ['--input-type=module', '--eval', script], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      const [output] = await once(agent.stdout, 'data');
      const pid = Number(String(output));
      expect(isAlive(pid)).toBe(true);
      agent.kill('SIGKILL');
      await until(() => !isAlive(pid));
    });
  },
);

describe('a trainer that was never built', () => {
  it('is missed before the agent starts, not in the first round', () => {
    const missing = new ChildTrainer({
      setup: setup(),
      clock,
      entryPath: join(folder, 'trainer-entry.js'),
    });
    expect(() => missing.check()).toThrow(
      expect.objectContaining({ code: 'agent/trainer-missing' }),
    );
  });
});
