import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { sha256 } from '@fedvox/base';
import type { JobInput } from '@fedvox/job';
import { refuse, type Task } from '@fedvox/protocol';
import { decoded, decodeWeights, encodeWeights, tensorOf, type Weights } from '@fedvox/weights';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { WorkOrder, WorkResult } from './core/trainer.js';
import { RECORDED, RecordedTrainer } from './testing/recorded-trainer.js';
import { buildStage, Scene, type Stage } from './testing/scene.js';
import { jobBytes, TEST_JOB, until } from './testing/site.js';

const LENGTH = 40;
const FRACTION = 0.05;
type EncodingInput = NonNullable<JobInput['federation']['encoding']>;

/** What is "trained" in a round: other values in each, and some larger than others. */
function trainedIn(round: number): Weights {
  const data = Float32Array.from(
    { length: LENGTH },
    (_, at) => Math.sin(round * 7 + at) * (at % 5),
  );
  return new Map([['w', { shape: [4, LENGTH / 4], data }]]);
}

/** Trains what `trainedIn` says. */
class WeightsTrainer extends RecordedTrainer {
  override async run(order: WorkOrder, signal: AbortSignal): Promise<WorkResult> {
    const { work, deltaPath } = order;
    if (work.kind !== 'train') return super.run(order, signal);
    this.orders.push(order);
    await this.onRun(order, signal);
    const bytes = encodeWeights(trainedIn(work.round));
    writeFileSync(deltaPath, bytes);
    const delta = { sha256: sha256(bytes), byteLength: bytes.byteLength };
    return { kind: 'measured', ...RECORDED, delta };
  }
}

let stage: Stage;
let scene: Scene;
const trainer = () => new WeightsTrainer();
beforeAll(async () => {
  stage = await buildStage();
});
beforeEach(async () => {
  scene = await Scene.open(stage);
});
afterEach(() => scene.close());

function roundsOf(encoding: EncodingInput, rounds: readonly number[]): Task[] {
  const federation = { ...TEST_JOB.federation, encoding };
  const jobDigest = scene.coordinator.put(jobBytes({ federation }));
  return rounds.map((round) => {
    const baseModel = scene.coordinator.put(Buffer.from(`the model before round ${round}`));
    return { ...scene.train, jobDigest, work: { kind: 'train', round, baseModel } };
  });
}

/** What the coordinator reads of each accepted update. */
function read(encoding: EncodingInput): Promise<Float32Array[]> {
  const said =
    encoding.kind === 'top-k' ? { kind: 'top-k' as const, fraction: FRACTION } : encoding;
  return Promise.all(
    scene.coordinator.accepted.map(async ({ delta }) => {
      const bytes = new Uint8Array(delta as Uint8Array);
      const source = await decoded(
        [{ name: 'w', shape: [4, LENGTH / 4] }],
        said,
        bytes.length,
        async (at, length) => bytes.slice(at, at + length),
      );
      return source.read('w', 0, LENGTH);
    }),
  );
}

function residual(round: number): Float32Array {
  const path = join(scene.folder.kept, scene.job, String(round), 'residual.safetensors');
  return tensorOf(decodeWeights(readFileSync(path)), 'w').data;
}

const total = (all: readonly Float32Array[]) =>
  Array.from({ length: LENGTH }, (_, at) => all.reduce((sum, one) => sum + one[at]!, 0));

function expectClose(found: readonly number[], expected: readonly number[]): void {
  for (const [at, number] of found.entries()) expect(number).toBeCloseTo(expected[at]!, 4);
}

const LOSSY = [{ kind: 'int8' }, { kind: 'top-k', fraction: FRACTION }] as const;

describe('a delta on its way', () => {
  it.each([{ kind: 'bfloat16' } as const, ...LOSSY])(
    'is written as its job says, $kind, and the statement says so',
    async (encoding) => {
      scene.coordinator.tasks.push(...roundsOf(encoding, [1]));
      await scene.enrolAndStart({ trainer: trainer() });
      await until(() => scene.coordinator.accepted.length === 1);
      const [{ statement, delta }] = scene.coordinator.accepted as [
        (typeof scene.coordinator.accepted)[number],
      ];
      expect(statement).toMatchObject({
        kind: 'fedvox/update/v3',
        companions: [],
        localSteps: null,
        delta: { sha256: sha256(delta as Uint8Array), encoding: encoding.kind },
      });
      expect(delta!.byteLength).toBe(statement.delta!.byteLength);
      await expect(read(encoding)).resolves.toHaveLength(1);
    },
  );

  it('in float32 has the bytes that were trained, under a statement of the first version', async () => {
    scene.coordinator.tasks.push(...roundsOf({ kind: 'float32' }, [1]));
    await scene.enrolAndStart({ trainer: trainer() });
    await until(() => scene.coordinator.accepted.length === 1);
    const [{ statement, delta }] = scene.coordinator.accepted as [
      (typeof scene.coordinator.accepted)[number],
    ];
    expect(statement.kind).toBe('fedvox/update/v1');
    expect(new Uint8Array(delta!)).toEqual(encodeWeights(trainedIn(1)));
  });
});

describe.each(LOSSY)('what $kind leaves of a delta', (encoding) => {
  const plain = (rounds: readonly number[]) =>
    total(rounds.map((round) => tensorOf(trainedIn(round), 'w').data));

  it('goes with the next, also of an agent that was started anew: in the end nothing is lost', async () => {
    const [first, ...later] = roundsOf(encoding, [1, 2, 3]) as [Task, ...Task[]];
    scene.coordinator.tasks.push(first);
    const agent = await scene.enrolAndStart({ trainer: trainer() });
    await until(() => scene.coordinator.accepted.length === 1 && scene.outbox().length === 0);
    await agent.stop();
    scene.coordinator.tasks.push(...later);
    await scene.start({ trainer: trainer() });
    await until(() => scene.coordinator.accepted.length === 3 && scene.outbox().length === 0);
    const sent = await read(encoding);
    expect(total(sent)).not.toEqual(plain([1, 2, 3]));
    expectClose(total([...sent, residual(3)]), plain([1, 2, 3]));
  });

  it('stays as it was where an update does not count, for which nothing of it was sent', async () => {
    scene.coordinator.tasks.push(...roundsOf(encoding, [1]));
    await scene.enrolAndStart({ trainer: trainer() });
    await until(() => scene.coordinator.accepted.length === 1 && scene.outbox().length === 0);
    const before = residual(1);
    const late = refuse('round-closed', { round: 2 });
    scene.coordinator.failNext('submit', late);
    scene.coordinator.onCall = (method) => {
      // The round that closed without the site is followed by the next.
      if (method === 'submit' && scene.coordinator.accepted.length === 1) {
        scene.coordinator.onCall = () => undefined;
        scene.coordinator.tasks.splice(0, 1, ...roundsOf(encoding, [3]));
      }
    };
    scene.coordinator.tasks.push(...roundsOf(encoding, [2]));
    await until(() => scene.coordinator.accepted.length === 2 && scene.outbox().length === 0);
    const [, third] = (await read(encoding)) as [Float32Array, Float32Array];
    expectClose(total([third, residual(3)]), total([before, tensorOf(trainedIn(3), 'w').data]));
  });

  it('advances once where the receipt was lost on the way', async () => {
    scene.coordinator.receiptsToLose = 1;
    scene.coordinator.tasks.push(...roundsOf(encoding, [1, 2]));
    await scene.enrolAndStart({ trainer: trainer() });
    await until(() => scene.coordinator.accepted.length === 2 && scene.outbox().length === 0);
    expectClose(total([...(await read(encoding)), residual(2)]), plain([1, 2]));
  });

  it('is let go where its file is damaged, and the update goes without it', async () => {
    const [first, second] = roundsOf(encoding, [1, 2]) as [Task, Task];
    scene.coordinator.tasks.push(first);
    await scene.enrolAndStart({ trainer: trainer() });
    await until(() => scene.coordinator.accepted.length === 1 && scene.outbox().length === 0);
    writeFileSync(join(scene.folder.kept, scene.job, '1', 'residual.safetensors'), 'damaged');
    scene.coordinator.tasks.push(second);
    await until(() => scene.coordinator.accepted.length === 2 && scene.outbox().length === 0);
    const [, sent] = (await read(encoding)) as [Float32Array, Float32Array];
    expectClose(total([sent, residual(2)]), plain([2]));
  });

  it('is forgotten with the last evaluation', async () => {
    const [first] = roundsOf(encoding, [1]) as [Task];
    scene.coordinator.tasks.push(first, { ...scene.evaluate, jobDigest: first.jobDigest });
    await scene.enrolAndStart({ trainer: trainer() });
    await until(() => scene.coordinator.accepted.length === 2 && scene.outbox().length === 0);
    expect(() => residual(1)).toThrow('ENOENT');
  });
});

describe('a delta that is no number', () => {
  it('is not sent: the site declines, as it does where training failed', async () => {
    scene.coordinator.tasks.push(...roundsOf({ kind: 'int8' }, [1]));
    const odd = trainer();
    odd.run = async ({ deltaPath }) => {
      const weights: Weights = new Map([
        ['w', { shape: [2], data: Float32Array.of(1, Number.NaN) }],
      ]);
      writeFileSync(deltaPath, encodeWeights(weights));
      return { kind: 'measured', ...RECORDED, delta: { sha256: 'a'.repeat(64), byteLength: 1 } };
    };
    await scene.enrolAndStart({ trainer: odd });
    await until(() => scene.coordinator.declined.length === 1);
    expect(scene.coordinator.declined[0]).toMatchObject({ reason: 'trainer-failed' });
    expect(scene.coordinator.deltaBytes).toBe(0);
  });
});
