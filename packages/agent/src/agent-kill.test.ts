import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { EgressKind, MethodName, Task } from '@fedvox/protocol';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { SiteConfig } from './config.js';
import { enroll } from './enroll.js';
import { readLedger, summarise } from './ledger/read-ledger.js';
import { stateFolder } from './state/state-folder.js';
import { makeConsortium } from './testing/consortium.js';
import { recordedDelta } from './testing/recorded-trainer.js';
import { ScriptedCoordinator } from './testing/scripted-coordinator.js';
import { FAST_PACE, jobBytes, makeSite, until } from './testing/site.js';

/** Processes are started and networks trained: slow on a busy machine, and nothing else. */
vi.setConfig({ testTimeout: 120_000 });

const BUILT = fileURLToPath(new URL('../dist/', import.meta.url));
const ROUNDS = 4;
/** At the arrival of each of these, once, the agent's process is killed. */
const KILL_AT: readonly MethodName[] = [
  'hello',
  'nextTask',
  'download',
  'reportGate',
  'beginUpload',
  'upload',
  'submit',
  'getReceipt',
];

let coordinator: ScriptedCoordinator;
let site: SiteConfig;
let running: ChildProcess | undefined;

beforeAll(async () => {
  coordinator = new ScriptedCoordinator(await makeConsortium('demo'));
  await coordinator.start();
  site = makeSite();
  await enroll(site, coordinator.invitation);
});
afterAll(async () => {
  running?.kill('SIGKILL');
  await coordinator.stop();
  rmSync(dirname(site.stateDir), { recursive: true });
});

/** A whole agent in a process of its own, with a trainer that answers at once. */
function spawnAgent(): ChildProcess {
  const script = `
    const { startAgent } = await import(${JSON.stringify(join(BUILT, 'index.js'))});
    const { RecordedTrainer } = await import(${JSON.stringify(join(BUILT, 'testing/recorded-trainer.js'))});
    const pace = ${JSON.stringify(FAST_PACE)};
    const agent = await startAgent(${JSON.stringify(site)}, { trainer: new RecordedTrainer(), pace });
    process.once('SIGTERM', () => agent.stop());
    await agent.done;
  `;
  return spawn(process.execPath, ['--input-type=module', '--eval', script], { stdio: 'ignore' });
}

function scriptJob(): void {
  const jobDigest = coordinator.put(jobBytes());
  const task = { job: 'lesion-1', jobDigest };
  const rounds = Array.from({ length: ROUNDS }, (_, index): Task => {
    const baseModel = coordinator.put(Buffer.from(`the model before round ${index + 1}`));
    return { ...task, work: { kind: 'train', round: index + 1, baseModel } };
  });
  coordinator.tasks.push({ ...task, work: { kind: 'check-data' } }, ...rounds);
}

const outboxIsEmpty = () => readdirSync(stateFolder(site.stateDir).outbox).length === 0;
const isDone = () => coordinator.tasks.length === 0 && outboxIsEmpty();

async function entriesOfKind(kind: EgressKind): Promise<number> {
  let count = 0;
  for await (const entry of readLedger(stateFolder(site.stateDir).egressLedger)) {
    if (entry.kind === kind) count += 1;
  }
  return count;
}

describe.skipIf(!existsSync(join(BUILT, 'index.js')))('an agent killed at any call', () => {
  it('loses no answer, sends the same bytes again, and its ledger counts every one', async () => {
    scriptJob();
    // Makes the kill at `getReceipt` come about: one receipt does not arrive.
    coordinator.receiptsToLose = 1;
    const left = new Set<MethodName>(KILL_AT);
    coordinator.onCall = (method) => {
      if (left.delete(method)) running?.kill('SIGKILL');
    };
    while (!isDone()) {
      running = spawnAgent();
      const exit = once(running, 'exit');
      await Promise.race([exit, until(isDone)]);
      running.kill('SIGTERM');
      await exit;
    }
    expect([...left]).toEqual([]);

    const { accepted, presented, calls, deltaBytes } = coordinator;
    expect(accepted.map(({ statement }) => statement.round)).toEqual([1, 2, 3, 4]);
    for (const { statement, delta } of accepted) {
      expect(delta).toEqual(Buffer.from(recordedDelta(statement.round)));
    }
    const statements = presented.map(({ payload }) => Buffer.from(payload).toString());
    expect(statements.length).toBeGreaterThan(ROUNDS);
    expect(new Set(statements).size).toBe(ROUNDS);
    const counters = accepted.map(({ statement }) => statement.counter);
    expect(new Set(counters).size).toBe(ROUNDS);

    const { egressLedger, receipts } = stateFolder(site.stateDir);
    expect(readdirSync(receipts)).toHaveLength(ROUNDS);
    const sums = await summarise(readLedger(egressLedger));
    expect(sums.delta).toBeGreaterThanOrEqual(deltaBytes);
    expect(await entriesOfKind('statement')).toBeGreaterThanOrEqual(
      calls.filter((method) => method === 'beginUpload').length,
    );
  });
});
