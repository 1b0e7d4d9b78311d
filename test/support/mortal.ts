import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { assert } from '@fedvox/base';
import type { Party } from './ground.js';

const PROGRAM = fileURLToPath(new URL('./mortal.mjs', import.meta.url));

/** What one life of a program begins with. */
export interface Life {
  /** As `mortal.mjs` takes them. */
  readonly settings: object;
  readonly env?: Readonly<Record<string, string>>;
  /** How long it is away before. */
  readonly awayMs?: number;
}

/** One of a federation's programs in a process of its own, which comes back each time that it was killed. */
export class Mortal {
  /** How often it was killed. */
  deaths = 0;
  #child: ChildProcess | undefined;

  /** @param lifeOf what the life begins with that follows so many deaths */
  constructor(
    readonly party: Party,
    readonly lifeOf: (deaths: number) => Life,
  ) {}

  /** Of the process that lives now, or died last. */
  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** Starts it, and again whenever it was killed, until the signal aborts; rejects where it ends otherwise. */
  async live(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const { settings, env, awayMs = 0 } = this.lifeOf(this.deaths);
      if (awayMs > 0) await setTimeout(awayMs);
      if (signal.aborted) return;
      const role = this.party === 'coordinator' ? 'coordinator' : 'agent';
      const args = ['--expose-gc', '--no-opt', PROGRAM, role, JSON.stringify(settings)];
      this.#child = spawn(process.execPath, args, {
        stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
        env: { ...process.env, ...env },
      });
      const [code, killedBy] = await once(this.#child, 'exit');
      if (signal.aborted) return;
      if (killedBy !== 'SIGKILL') throw new Error(`${this.party} ended with ${killedBy ?? code}`);
      this.deaths += 1;
    }
  }

  kill(): void {
    this.#child?.kill('SIGKILL');
  }

  /** In use, after a collection; of one that lives on meanwhile. */
  async heapBytes(): Promise<number> {
    assert(this.#child !== undefined, 'it lives');
    this.#child.send('how much?');
    const [bytes] = await once(this.#child, 'message');
    return bytes;
  }

  async stop(): Promise<void> {
    const child = this.#child;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGTERM');
    await once(child, 'exit');
  }
}
