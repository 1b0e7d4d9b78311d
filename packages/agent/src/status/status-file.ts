import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type Clock, readStored, type Timer, writeStored } from '@fedvox/base';
import { randomId } from '@fedvox/base/system';
import { fail } from '../errors.js';
import { AGENT_STATUS, type AgentStatus } from './agent-status.js';

/** Batches may end many times a second; people look once. */
export const STATUS_EVERY_MS = 1_000;

/**
 * Keeps the agent's status on disk: at most once a second, the last word of each. Replaced whole, and
 * not synced: what a machine forgets as it loses its power was of an agent that no longer runs.
 */
export class StatusFile {
  #writtenMs = Number.NEGATIVE_INFINITY;
  #timer: Timer | undefined;
  #writing: Promise<void> = Promise.resolve();

  constructor(
    private readonly path: string,
    private readonly clock: Clock,
    /** Asked for when it is written, so that what comes in between is told by the last word. */
    private readonly status: () => Promise<AgentStatus>,
    private readonly onProblem: (error: unknown) => void,
  ) {}

  /** Something changed. */
  touch(): void {
    if (this.#timer !== undefined) return;
    const waitMs = this.#writtenMs + STATUS_EVERY_MS - this.clock.nowMs();
    if (waitMs <= 0) {
      this.#write();
      return;
    }
    const write = () => {
      this.#timer = undefined;
      this.#write();
    };
    this.#timer = this.clock.after(Math.min(waitMs, STATUS_EVERY_MS), write, { background: true });
  }

  /** Writes the last word, and resolves once it is there. */
  async close(): Promise<void> {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#write();
    await this.#writing;
  }

  #write(): void {
    this.#writtenMs = this.clock.nowMs();
    this.#writing = this.#writing.then(() => this.#replace()).catch(this.onProblem);
  }

  async #replace(): Promise<void> {
    const text = `${writeStored(await this.status(), AGENT_STATUS)}\n`;
    const temporary = join(dirname(this.path), `.${randomId()}.tmp`);
    try {
      await writeFile(temporary, text, { mode: 0o600, flag: 'wx' });
      await rename(temporary, this.path);
    } catch (error) {
      await rm(temporary, { force: true });
      throw error;
    }
  }
}

/**
 * What the agent last said of itself; undefined where it never said anything, or lost it with the
 * machine's power.
 * @throws FedvoxError `agent/state-unreadable`, `agent/state-too-new`
 */
export async function readStatusFile(path: string): Promise<AgentStatus | undefined> {
  const text = await textOf(path);
  if (text === '') return undefined;
  const reading = readStored(text, AGENT_STATUS);
  switch (reading.kind) {
    case 'read':
      return reading.value;
    case 'too-new': {
      const { version, known } = reading;
      throw fail('state-too-new', { folder: path, version, known });
    }
    case 'damaged':
      throw fail('state-unreadable', { path, reason: reading.reason });
  }
}

async function textOf(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return '';
    throw fail('state-unreadable', { path, reason: String(cause) }, { cause });
  }
}
