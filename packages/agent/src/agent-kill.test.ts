import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { MethodName, Task } from '@fedvox/protocol';
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { answerApproval } from './approvals/approvals.js';
import { summarise } from './ledger/read-ledger.js';
import { keptRounds, recordedDelta } from './testing/recorded-trainer.js';
import { buildStage, Scene, type Stage } from './testing/scene.js';
import { FAST_PACE, jobBytes, TEST_JOB, until } from './testing/site.js';

/** Many processes are started one after the other: slow on a busy machine, and nothing else. */
vi.setConfig({ testTimeout: 180_000 });

const BUILT = fileURLToPath(new URL('../dist/', import.meta.url));

let stage: Stage;
let scene: Scene;
let running: ChildProcess | undefined;
beforeAll(async () => {
  stage = await buildStage();
});
beforeEach(async () => {
  scene = await Scene.open(stage);
  await scene.enrol();
});
afterEach(async () => {
  running?.kill('SIGKILL');
  await scene.close();
});

function scriptJob(rounds: number, jobDigest = scene.train.jobDigest): void {
  const { coordinator } = scene;
  const [gate, train] = [scene.gate, scene.train].map((task) => ({ ...task, jobDigest }));
  coordinator.tasks.push(gate as Task);
  for (let round = 1; round <= rounds; round++) {
    const baseModel = coordinator.put(Buffer.from(`the model before round ${round}`));
    coordinator.tasks.push({ ...(train as Task), work: { kind: 'train', round, baseModel } });
  }
}

const isDone = () => scene.coordinator.tasks.length === 0 && scene.outbox().length === 0;

/**
 * A whole agent in a process of its own, with a trainer that answers at once. It kills itself right
 * before its `lifeRenames + 1`st rename: every durable step of an agent ends in one.
 */
function spawnAgent(lifeRenames = Number.POSITIVE_INFINITY): ChildProcess {
  const script = `
    import fs from 'node:fs';
    import { syncBuiltinESMExports } from 'node:module';
    let left = ${lifeRenames};
    const { rename } = fs.promises;
    fs.promises.rename = (...paths) => {
      if (left-- === 0) process.kill(process.pid, 'SIGKILL');
      return rename(...paths);
    };
    syncBuiltinESMExports();
    const { startAgent } = await import(${JSON.stringify(join(BUILT, 'index.js'))});
    const { RecordedTrainer } = await import(${JSON.stringify(join(BUILT, 'testing/recorded-trainer.js'))});
    const options = { trainer: new RecordedTrainer(), pace: ${JSON.stringify(FAST_PACE)} };
    const agent = await startAgent(${JSON.stringify(scene.site)}, options);
    process.once('SIGTERM', () => agent.stop());
    await agent.done;
  `;
  return spawn(process.execPath, ['--input-type=module', '--eval', script], { stdio: 'ignore' });
}

/** Runs agents one after the other, until the job is done and nothing waits. */
async function runUntilDone(nextAgent: () => ChildProcess): Promise<number> {
  let deaths = 0;
  while (!isDone()) {
    running = nextAgent();
    const exit = once(running, 'exit');
    await Promise.race([exit, until(isDone)]);
    running.kill('SIGTERM');
    const [code, signal] = await exit;
    expect(code ?? 0, 'how an agent that nobody killed ended').toBe(0);
    if (signal === 'SIGKILL') deaths += 1;
  }
  return deaths;
}

function expectNothingLost(rounds: number): void {
  const { accepted, presented } = scene.coordinator;
  expect(accepted.map(({ statement }) => statement.round)).toEqual(
    Array.from({ length: rounds }, (_, index) => index + 1),
  );
  for (const { statement, delta } of accepted) {
    expect(delta).toEqual(Buffer.from(recordedDelta(statement.round)));
  }
  const counters = accepted.map(({ statement }) => statement.counter);
  expect([...new Set(counters)].sort((a, b) => a - b)).toEqual(counters);
  expect(scene.receipts()).toHaveLength(rounds);
  // However often an answer was presented, it was the same bytes.
  const payloads = presented.map(({ payload }) => Buffer.from(payload).toString());
  expect(new Set(payloads).size).toBe(rounds);
}

async function expectLedgerCountsAll(): Promise<void> {
  const { calls, deltaBytes } = scene.coordinator;
  const entries = await scene.ledger();
  expect((await summarise(entries)).delta).toBeGreaterThanOrEqual(deltaBytes);
  for (const [kind, method] of [
    ['statement', 'beginUpload'],
    ['gate', 'reportGate'],
    ['capabilities', 'hello'],
  ] as const) {
    const arrived = calls.filter((call) => call === method).length;
    const itemised = entries.filter((entry) => entry.kind === kind).length;
    expect(itemised).toBeGreaterThanOrEqual(arrived);
  }
}

describe.skipIf(!existsSync(join(BUILT, 'index.js')))('an agent killed', () => {
  it('at any call loses nothing, and its ledger counts all that arrived', async () => {
    scriptJob(3);
    const killAt = new Set<MethodName>([
      'hello',
      'nextTask',
      'download',
      'reportGate',
      'beginUpload',
      'upload',
      'submit',
      'getReceipt',
    ]);
    // So that there is a `getReceipt`: one receipt does not arrive.
    scene.coordinator.receiptsToLose = 1;
    scene.coordinator.onCall = (method) => {
      if (killAt.delete(method)) running?.kill('SIGKILL');
    };
    await runUntilDone(() => spawnAgent());
    expect([...killAt]).toEqual([]);
    expectNothingLost(3);
    await expectLedgerCountsAll();
  });

  it('at any durable step loses nothing, and its ledger counts all that arrived', async () => {
    scriptJob(7);
    // A start and a round take 8 renames: longer lives get on, and end at another step each time.
    let life = 8;
    const deaths = await runUntilDone(() => spawnAgent(life++));
    expect(deaths).toBeGreaterThanOrEqual(4);
    expectNothingLost(7);
    await expectLedgerCountsAll();
  });

  it('at any durable step builds each round on the one before, once, where its strategy keeps that', async () => {
    const { federation, training } = TEST_JOB;
    const scaffold = {
      training: { ...training, optimizer: { kind: 'sgd' }, localSteps: 4 },
      federation: { ...federation, strategy: { kind: 'scaffold' } },
    } as const;
    scriptJob(6, scene.coordinator.put(jobBytes(scaffold)));
    let life = 11;
    const deaths = await runUntilDone(() => spawnAgent(life++));
    expect(deaths).toBeGreaterThanOrEqual(4);
    expectNothingLost(6);
    expect(await keptRounds(join(scene.folder.kept, scene.job, '6'))).toEqual([1, 2, 3, 4, 5, 6]);
  });

  it('at any durable step asks people before a job begins, and goes by their answer ever after', async () => {
    const { coordinator, folder, gate, job } = scene;
    scene.site = { ...scene.site, policy: { ...scene.site.policy, approval: 'ask' } };
    coordinator.tasks.push(gate, gate);
    let life = 1;
    const deaths = await runUntilDone(() => spawnAgent(life++));
    expect(deaths).toBeGreaterThanOrEqual(2);
    expect(coordinator.gates.map(({ outcome }) => outcome)).toEqual(
      Array(coordinator.gates.length).fill('awaiting-approval'),
    );
    const said = { verdict: 'approved', atMs: 1, by: 'anna', reason: null } as const;
    await answerApproval(folder.approvals, { job, ...said });
    scriptJob(3);
    life = 6;
    await runUntilDone(() => spawnAgent(life++));
    expectNothingLost(3);
  });
});
