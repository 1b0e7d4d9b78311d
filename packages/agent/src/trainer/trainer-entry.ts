import { setPriority } from 'node:os';
import { Worker } from 'node:worker_threads';
import { assert, errorText, type FedvoxError, isFedvoxError } from '@fedvox/base';
import { createLogger, isDiskFull, isOutOfMemory, systemClock } from '@fedvox/base/system';
import { ReaderThread } from '@fedvox/imaging';
import { PreparationThreads } from '@fedvox/learning';
import type { CaseFigures } from '../core/case-figures.js';
import type { WorkProgress } from '../core/trainer.js';
import { fail } from '../errors.js';
import { runOrder } from './run-order.js';
import type { RunMessage, TrainerError, TrainerMessage } from './trainer-messages.js';

/**
 * The trainer's process. It takes one order after the other from the agent that forked it, at a lower
 * priority than anything else on the machine, and ends with that agent.
 */
const NICENESS = 10;

const agentPid = Number(process.argv[2]);
assert(Number.isSafeInteger(agentPid), 'the trainer is told which process it works for');
assert(process.send !== undefined, 'the trainer is forked by an agent');

setPriority(NICENESS);
process.once('disconnect', () => process.exit(0));
// A terminal or a service manager signals the whole group; when to end is for the agent to say.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => undefined);
// Native code may keep this thread busy for minutes; a thread of its own notices an orphaned trainer.
new Worker(new URL('./orphan-watch.js', import.meta.url), { workerData: { agentPid } }).unref();
const reader = new ReaderThread(systemClock);
const preparer = new PreparationThreads(systemClock);
process.on('message', (message: RunMessage) => void run(message));

async function run({ setup, order }: RunMessage): Promise<void> {
  const log = createLogger({ name: 'trainer', level: setup.logLevel });
  try {
    const onProgress = (progress: WorkProgress) => send({ kind: 'progress', progress });
    const onCases = (cases: readonly CaseFigures[]) => send({ kind: 'cases', cases });
    const workplace = { reader, preparer, clock: systemClock, log, onProgress, onCases };
    send({ kind: 'done', result: await runOrder(setup, order, workplace) });
  } catch (error) {
    log.error({ err: error }, 'work failed');
    send({ kind: 'failed', error: named(error) });
  }
}

function send(message: TrainerMessage): void {
  // Sending fails only when the agent is gone, and then `disconnect` ends this process.
  process.send?.(message, undefined, undefined, () => undefined);
}

function named(error: unknown): TrainerError {
  const { code, message, advice } = namedError(error);
  return { code, message, advice };
}

/** A shortage goes by its own name, whatever failed for it: it passes. */
function namedError(error: unknown): FedvoxError {
  const reason = errorText(error);
  if (isDiskFull(error)) return fail('no-disk-space', { reason });
  if (isOutOfMemory(error)) return fail('out-of-memory', { reason });
  return isFedvoxError(error) ? error : fail('trainer-failed', { reason });
}
