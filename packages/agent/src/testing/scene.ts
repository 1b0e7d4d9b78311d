import { readdirSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { silentLogger, systemClock } from '@fedvox/base/system';
import { createKeyPair } from '@fedvox/pki';
import type { Task } from '@fedvox/protocol';
import { type AgentOptions, type RunningAgent, startAgent } from '../compose.js';
import type { SiteConfig } from '../config.js';
import { enroll } from '../enroll.js';
import type { LedgerEntry } from '../ledger/ledger-entry.js';
import { readLedger } from '../ledger/read-ledger.js';
import { type StateFolder, stateFolder } from '../state/state-folder.js';
import { makeConsortium, type TestConsortium } from './consortium.js';
import { RecordedTrainer } from './recorded-trainer.js';
import { ScriptedCoordinator } from './scripted-coordinator.js';
import { FAST_PACE, jobBytes, leavePendingKey, makeSite } from './site.js';

/** What takes seconds to make, for all the tests of a file. */
export interface Stage {
  readonly consortium: TestConsortium;
  /** A site's private key. */
  readonly keyPem: string;
}

export async function buildStage(): Promise<Stage> {
  const { privateKeyPem: keyPem } = await createKeyPair();
  return { consortium: await makeConsortium('demo'), keyPem };
}

/** One test's coordinator, its site, and tasks of one job: its gate, a round and the last figures. */
export class Scene {
  readonly job = 'lesion-1';
  readonly trainer = new RecordedTrainer();
  readonly gate: Task;
  readonly train: Task & { readonly work: { readonly kind: 'train' } };
  readonly evaluate: Task;
  readonly #agents: RunningAgent[] = [];
  readonly #keyPem: string;

  private constructor(
    readonly coordinator: ScriptedCoordinator,
    /** May be changed before the agent starts. */
    public site: SiteConfig,
    keyPem: string,
  ) {
    this.#keyPem = keyPem;
    const task = { job: this.job, jobDigest: coordinator.put(jobBytes()) };
    const baseModel = coordinator.put(Buffer.from('the base model'));
    this.gate = { ...task, work: { kind: 'check-data' } };
    this.train = { ...task, work: { kind: 'train', round: 1, baseModel } };
    this.evaluate = { ...task, work: { kind: 'evaluate', round: 2, baseModel } };
  }

  static async open({ consortium, keyPem }: Stage): Promise<Scene> {
    const coordinator = new ScriptedCoordinator(consortium);
    await coordinator.start();
    return new Scene(coordinator, makeSite(), keyPem);
  }

  async close(): Promise<void> {
    await Promise.allSettled(this.#agents.map((agent) => agent.stop()));
    await this.coordinator.stop();
    rmSync(dirname(this.site.stateDir), { recursive: true });
  }

  /** With the stage's key, as an enrolment that was cut off would have left it. */
  async enrol(): Promise<void> {
    leavePendingKey(this.site, this.#keyPem);
    await enroll(this.site, this.coordinator.invitation, systemClock);
  }

  async start(options: AgentOptions = {}): Promise<RunningAgent> {
    const { trainer } = this;
    const quick = { trainer, pace: FAST_PACE, log: silentLogger() };
    const agent = await startAgent(this.site, { ...quick, ...options });
    // Tests look at `done` when they care; the others only stop the agent.
    agent.done.catch(() => undefined);
    this.#agents.push(agent);
    return agent;
  }

  async enrolAndStart(options: AgentOptions = {}): Promise<RunningAgent> {
    await this.enrol();
    return this.start(options);
  }

  get folder(): StateFolder {
    return stateFolder(this.site.stateDir);
  }

  outbox(): string[] {
    return readdirSync(this.folder.outbox);
  }

  receipts(): string[] {
    return readdirSync(this.folder.receipts);
  }

  async ledger(): Promise<LedgerEntry[]> {
    const entries: LedgerEntry[] = [];
    for await (const entry of readLedger(this.folder.egressLedger)) entries.push(entry);
    return entries;
  }
}
