import { type ChildProcess, fork } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { assert, type Clock, FedvoxError, type Timer } from '@fedvox/base';
import type { CaseFigures } from '../core/case-figures.js';
import type { Trainer, WorkOrder, WorkProgress, WorkResult } from '../core/trainer.js';
import { fail } from '../errors.js';
import type { RunMessage, TrainerMessage, TrainerSetup } from './trainer-messages.js';

/** A waiting trainer keeps its engine warm for the next round, and gives the memory back after this. */
const IDLE_LIFE_MS = 5 * 60_000;

export interface ChildTrainerOptions {
  readonly setup: TrainerSetup;
  readonly clock: Clock;
  /** Is told how a model does on each case of the site. */
  readonly onCases?: (cases: readonly CaseFigures[]) => void;
  /** The child's compiled program; the one beside this file by default. */
  readonly entryPath?: string;
}

/**
 * Works in a forked process, so that the agent goes on answering while the machine computes, and
 * so that a crash in native code costs one attempt. One order at a time.
 */
export class ChildTrainer implements Trainer {
  readonly #setup: TrainerSetup;
  readonly #clock: Clock;
  readonly #entryPath: string;
  readonly #onCases: (cases: readonly CaseFigures[]) => void;
  #child: ChildProcess | undefined;
  #idleTimer: Timer | undefined;
  #busy = false;

  constructor({
    setup,
    clock,
    entryPath = defaultEntryPath(),
    onCases = () => undefined,
  }: ChildTrainerOptions) {
    this.#onCases = onCases;
    this.#setup = setup;
    this.#clock = clock;
    this.#entryPath = entryPath;
  }

  /** The child's process id while there is one. */
  get pid(): number | undefined {
    return this.#running()?.pid;
  }

  /** @throws FedvoxError `agent/trainer-missing` where the child could never be started */
  check(): void {
    const path = this.#entryPath;
    if (!existsSync(path)) throw fail('trainer-missing', { path });
  }

  async run(
    order: WorkOrder,
    signal: AbortSignal,
    onProgress: (progress: WorkProgress) => void,
  ): Promise<WorkResult> {
    assert(!this.#busy, 'a trainer works on one order at a time');
    signal.throwIfAborted();
    this.#idleTimer?.cancel();
    const child = this.#running() ?? this.#start();
    this.#busy = true;
    // Asked politely, a process deep in native code would not hear it. All that it writes appears
    // whole or not at all, so nothing is harmed.
    const kill = () => child.kill('SIGKILL');
    signal.addEventListener('abort', kill, { once: true });
    try {
      return await this.#converse(child, { setup: this.#setup, order }, onProgress);
    } catch (error) {
      // Failed work may have left tensors behind: the next order gets a fresh process.
      await this.close();
      throw signal.aborted ? signal.reason : error;
    } finally {
      this.#busy = false;
      signal.removeEventListener('abort', kill);
      this.#idleTimer = this.#clock.after(IDLE_LIFE_MS, () => void this.close(), {
        background: true,
      });
    }
  }

  /** Ends the child, whatever it does. */
  async close(): Promise<void> {
    this.#idleTimer?.cancel();
    const child = this.#child;
    this.#child = undefined;
    if (child === undefined || hasEnded(child)) return;
    child.kill('SIGKILL');
    await new Promise((resolve) => child.once('exit', resolve));
  }

  #running(): ChildProcess | undefined {
    const child = this.#child;
    return child?.connected && !hasEnded(child) ? child : undefined;
  }

  #start(): ChildProcess {
    this.check();
    const child = fork(this.#entryPath, [String(process.pid)], {
      // Whatever a library prints goes to the log: stdout is for results.
      stdio: ['ignore', 2, 2, 'ipc'],
      execArgv: [],
    });
    // A message that could not be sent to a dying child: its exit is what counts.
    child.on('error', () => undefined);
    this.#child = child;
    return child;
  }

  #converse(
    child: ChildProcess,
    message: RunMessage,
    onProgress: (progress: WorkProgress) => void,
  ): Promise<WorkResult> {
    return new Promise((resolve, reject) => {
      const onMessage = (answer: TrainerMessage) => {
        if (answer.kind === 'progress') return onProgress(answer.progress);
        if (answer.kind === 'cases') return this.#onCases(answer.cases);
        stopListening();
        if (answer.kind === 'done') resolve(answer.result);
        else reject(new FedvoxError(answer.error.code, answer.error.message, answer.error.advice));
      };
      const onExit = (exitCode: number | null, signalName: NodeJS.Signals | null) => {
        stopListening();
        reject(fail('trainer-died', { how: signalName ?? `exit code ${exitCode}` }));
      };
      const onError = (cause: Error) => {
        stopListening();
        reject(fail('trainer-died', { how: cause.message }, { cause }));
      };
      const stopListening = () => {
        child.off('message', onMessage).off('exit', onExit).off('error', onError);
      };
      child.on('message', onMessage).on('exit', onExit).on('error', onError);
      child.send(message);
    });
  }
}

/** Also true of a process that the system refused to start. */
function hasEnded({ pid, exitCode, signalCode }: ChildProcess): boolean {
  return pid === undefined || exitCode !== null || signalCode !== null;
}

/** Beside this file where it is compiled; in the build where it is read from source. */
function defaultEntryPath(): string {
  const here = fileURLToPath(new URL('./trainer-entry.js', import.meta.url));
  return here.replace(/([\\/])src([\\/]trainer[\\/]trainer-entry\.js)$/, '$1dist$2');
}
