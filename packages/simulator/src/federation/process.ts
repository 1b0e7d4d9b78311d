import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { open, readFile } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import type { Clock } from '@fedvox/base';
import { fail } from '../errors.js';

/** How the `fedvox` command is run: this Node, and the file that is its entry. */
export interface FedvoxCommand {
  readonly node: string;
  readonly entry: string;
}

export interface ProcessOptions {
  readonly command: FedvoxCommand;
  /** What it is called in messages, e.g. `agent hospital-north`. */
  readonly name: string;
  readonly args: readonly string[];
  /** Everything it says on stderr is appended here. */
  readonly logPath: string;
  readonly clock: Clock;
}

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** How long a process may take from SIGTERM until it is killed. */
const STOP_GRACE_MS = 10_000;
const LOG_TAIL_LINES = 15;

/**
 * A long-running `fedvox` process. Its standard input is a pipe that we hold: it closes when we end,
 * however we end, and the process stops with it.
 */
export class ServiceProcess {
  readonly exited: Promise<Exit>;
  readonly #child: ChildProcess;
  #stopping = false;

  private constructor(
    readonly options: ProcessOptions,
    child: ChildProcess,
  ) {
    this.#child = child;
    this.exited = once(child, 'exit').then(([code, signal]) => ({ code, signal }));
  }

  static async start(options: ProcessOptions): Promise<ServiceProcess> {
    const args = [...options.args, '--stop-with-parent'];
    return new ServiceProcess(options, await launch({ ...options, args }, 'pipe'));
  }

  /**
   * The JSON object it prints when it is ready to serve.
   * @throws FedvoxError `simulator/process-died`, `simulator/process-not-ready`
   */
  async ready(timeoutMs: number): Promise<unknown> {
    const timeout = new AbortController();
    const timer = this.options.clock.after(timeoutMs, () => timeout.abort());
    const lines = createInterface({ input: this.#child.stdout as NodeJS.ReadableStream });
    try {
      const line = once(lines, 'line', { signal: timeout.signal });
      const [text] = (await Promise.race([line, this.died()])) as [string];
      return JSON.parse(text);
    } catch (error) {
      if (!timeout.signal.aborted) throw error;
      throw fail('process-not-ready', {
        process: this.options.name,
        seconds: timeoutMs / 1000,
        ...(await this.#log()),
      });
    } finally {
      timer.cancel();
      lines.close();
      this.#child.stdout?.resume(); // whatever else it prints must not fill the pipe
    }
  }

  /** Rejects when the process ends without having been asked to; stays pending otherwise. */
  async died(): Promise<never> {
    const exit = await this.exited;
    if (this.#stopping) return new Promise(() => undefined);
    throw fail('process-died', {
      process: this.options.name,
      exit: exitText(exit),
      ...(await this.#log()),
    });
  }

  /** Asks it to end, and kills it when it has not after a grace period. */
  async stop(): Promise<void> {
    this.#stopping = true;
    this.#child.kill('SIGTERM');
    const kill = this.options.clock.after(STOP_GRACE_MS, () => this.#child.kill('SIGKILL'));
    await this.exited;
    kill.cancel();
  }

  /** Ends it as a power cut would. */
  async kill(): Promise<void> {
    this.#stopping = true;
    this.#child.kill('SIGKILL');
    await this.exited;
  }

  async #log() {
    return { log: this.options.logPath, lines: await logTail(this.options.logPath) };
  }
}

/**
 * Runs a `fedvox` command to its end; its standard output. An abort stops the command too.
 * @throws FedvoxError `simulator/command-failed`; the signal's reason
 */
export async function runCommand(options: ProcessOptions, signal?: AbortSignal): Promise<string> {
  const child = await launch(options, 'ignore');
  const exited = once(child, 'exit') as Promise<[number | null, NodeJS.Signals | null]>;
  const abort = () => child.kill();
  if (signal?.aborted) abort();
  signal?.addEventListener('abort', abort, { once: true });
  const chunks: Buffer[] = [];
  for await (const chunk of child.stdout as NodeJS.ReadableStream) chunks.push(chunk as Buffer);
  const [code, endedBy] = await exited;
  signal?.removeEventListener('abort', abort);
  signal?.throwIfAborted();
  if (code === 0) return Buffer.concat(chunks).toString('utf8');
  throw fail('command-failed', {
    command: `fedvox ${options.name}`,
    exit: exitText({ code, signal: endedBy }),
    log: options.logPath,
    lines: await logTail(options.logPath),
  });
}

/** All sites train on this one machine: an engine's threads must not spin where another site could run. */
const SHARED_PROCESSOR = { OMP_WAIT_POLICY: 'PASSIVE' };

async function launch(
  { command, args, logPath }: ProcessOptions,
  stdin: 'pipe' | 'ignore',
): Promise<ChildProcess> {
  const log = await open(logPath, 'a');
  try {
    const child = spawn(command.node, [command.entry, ...args], {
      stdio: [stdin, 'pipe', log.fd],
      env: { ...SHARED_PROCESSOR, ...process.env },
    });
    await once(child, 'spawn');
    return child;
  } finally {
    await log.close();
  }
}

async function logTail(path: string): Promise<string> {
  const lines = (await readFile(path, 'utf8')).trimEnd().split('\n');
  return lines
    .slice(-LOG_TAIL_LINES)
    .map((line) => `  ${line}`)
    .join('\n');
}

function exitText({ code, signal }: Exit): string {
  return code === null ? `signal ${signal}` : `code ${code}`;
}
