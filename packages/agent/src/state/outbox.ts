import { link, mkdir, readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { errorText, SHA256_PATTERN, type Sha256 } from '@fedvox/base';
import {
  randomId,
  renameDurably,
  sha256File,
  syncFolder,
  writeFileDurably,
} from '@fedvox/base/system';
import {
  decodeUpdateStatement,
  type Envelope,
  envelopeFromJson,
  envelopeToJson,
  statementDigest,
} from '@fedvox/protocol';
import type { Answer } from '../core/answer.js';
import { fail } from '../errors.js';

export const ENVELOPE_FILE = 'envelope.json';
const DELTA_FILE = 'delta.safetensors';

/** An answer with its bytes: what is sent is what was stored, however often it is sent. */
export interface OutboxEntry {
  readonly answer: Answer;
  readonly envelope: Envelope;
  readonly counter: number;
  /** Null where only figures are reported. */
  readonly delta: { readonly path: string; readonly sha256: Sha256 } | null;
}

/**
 * Signed answers until their receipts are stored: one folder each, named by its statement, that
 * appears whole or not at all. A name that begins with a dot is something a crash left behind.
 */
export class Outbox {
  readonly #folder: string;

  private constructor(folder: string) {
    this.#folder = folder;
  }

  static async open(folder: string): Promise<Outbox> {
    for (const name of await readdir(folder)) {
      if (name.startsWith('.')) await rm(join(folder, name), { recursive: true });
    }
    const outbox = new Outbox(folder);
    await outbox.#removeSuperseded();
    return outbox;
  }

  /** What waits, oldest first. @throws FedvoxError `agent/state-unreadable` */
  async list(): Promise<readonly OutboxEntry[]> {
    const names = (await readdir(this.#folder)).filter((name) => SHA256_PATTERN.test(name));
    const entries = await Promise.all(names.map((name) => this.#read(name)));
    return entries.sort((a, b) => a.counter - b.counter);
  }

  get(answer: Answer): Promise<OutboxEntry> {
    return this.#read(answer.statement);
  }

  /** Whether the delta on disk is still the one that was signed. */
  async isIntact({ delta }: OutboxEntry): Promise<boolean> {
    if (delta === null) return true;
    try {
      return (await sha256File(delta.path)) === delta.sha256;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
      throw error;
    }
  }

  /** Takes the answer in durably; the delta's file moves into the outbox. */
  async put(envelope: Envelope, deltaPath: string | null): Promise<Answer> {
    return this.#add(envelope, async (folder) => {
      if (deltaPath !== null) await rename(deltaPath, join(folder, DELTA_FILE));
    });
  }

  /** The same delta under a new statement. Between the two steps both stand; `open` keeps the newer. */
  async replace(old: Answer, envelope: Envelope): Promise<Answer> {
    const { delta } = await this.get(old);
    const answer = await this.#add(envelope, async (folder) => {
      if (delta !== null) await link(delta.path, join(folder, DELTA_FILE));
    });
    await this.remove(old);
    return answer;
  }

  /** Forgets an answer; nothing happens where it is gone already. */
  async remove({ statement }: Answer): Promise<void> {
    const leaving = join(this.#folder, `.leaving-${randomId()}`);
    try {
      await renameDurably(join(this.#folder, statement), leaving);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
      throw error;
    }
    await rm(leaving, { recursive: true });
  }

  async #add(envelope: Envelope, addDelta: (folder: string) => Promise<void>): Promise<Answer> {
    const arriving = join(this.#folder, `.arriving-${randomId()}`);
    const statement = statementDigest(envelope.payload);
    const json = JSON.stringify(envelopeToJson(envelope));
    try {
      await mkdir(arriving, { mode: 0o700 });
      await writeFileDurably(join(arriving, ENVELOPE_FILE), json);
      await addDelta(arriving);
      await syncFolder(arriving);
      await renameDurably(arriving, join(this.#folder, statement));
    } catch (error) {
      // What does not fit must not fill the disk further.
      await rm(arriving, { recursive: true, force: true });
      throw error;
    }
    return (await this.#read(statement)).answer;
  }

  async #read(statement: string): Promise<OutboxEntry> {
    const path = join(this.#folder, statement);
    try {
      const json = JSON.parse(await readFile(join(path, ENVELOPE_FILE), 'utf8'));
      const envelope = envelopeFromJson(json);
      if (statementDigest(envelope.payload) !== statement) {
        throw new Error('the statement has another digest than its folder says');
      }
      const { job, round, baseModel, delta, counter } = decodeUpdateStatement(envelope.payload);
      const task = `${job}/${round}/${delta === null ? 'evaluate' : 'train'}`;
      return {
        answer: { statement, task, job, round, baseModel },
        envelope,
        counter,
        delta: delta && { path: join(path, DELTA_FILE), sha256: delta.sha256 },
      };
    } catch (cause) {
      throw fail('state-unreadable', { path, reason: errorText(cause) }, { cause });
    }
  }

  /** Of two answers to one task, which only a crash within `replace` leaves, the later one counts. */
  async #removeSuperseded(): Promise<void> {
    const latest = new Map<string, OutboxEntry>();
    for (const entry of await this.list()) {
      const earlier = latest.get(entry.answer.task);
      if (earlier !== undefined) await this.remove(earlier.answer);
      latest.set(entry.answer.task, entry);
    }
  }
}
