import { statfs } from 'node:fs/promises';
import type { Clock } from '@fedvox/base';
import type { Logger } from '@fedvox/base/system';
import type { CaseFigures } from '../core/case-figures.js';
import {
  type Chronicle,
  chronicleAfter,
  chronicleOfProgress,
  NO_CHRONICLE,
} from '../core/chronicle.js';
import type { DiaryNews } from '../core/diary-entry.js';
import type { AgentEvent, AgentState } from '../core/machine-types.js';
import { roundOf, type Task } from '../core/task.js';
import type { WorkProgress } from '../core/trainer.js';
import {
  type Whereabouts,
  whereaboutsAfter,
  whereaboutsAtStart,
  withProgress,
} from '../core/whereabouts.js';
import { Diary } from '../diary/diary.js';
import type { StateFolder } from '../state/state-folder.js';
import type { AgentStatus } from '../status/agent-status.js';
import { keepCaseFigures } from '../status/case-figures-file.js';
import { StatusFile } from '../status/status-file.js';

/** Who the agent is, as its status says it. */
export type AgentSelf = Pick<AgentStatus, 'program' | 'pid' | 'site' | 'federation'>;
/** What may change while it runs, and is asked for when the status is written. */
export type AgentLinks = () => {
  /** `host:port` of the coordinator whose turn it is. */
  readonly address: string;
  readonly certificateEndsAtMs: number;
};

/** The disk is asked about its room this often. */
const DISK_EVERY_MS = 30_000;

/**
 * What the site's own people can see of their agent: its status and its diary, on disk. A record that
 * cannot be written stops nothing; the log says so once.
 */
export class SiteRecord {
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #file: StatusFile;
  readonly #diary: Diary | undefined;
  readonly #startedAtMs: number;
  #whereabouts: Whereabouts;
  #chronicle: Chronicle = NO_CHRONICLE;
  #heartbeatIntervalMs = 0;
  #task: Task | undefined;
  #disk: { readonly atMs: number; readonly room: AgentStatus['disk'] } | undefined;
  #hasWarned = false;
  #keeping: Promise<void> = Promise.resolve();

  constructor(
    private readonly folder: StateFolder,
    private readonly self: AgentSelf,
    private readonly links: AgentLinks,
    { clock, log }: { readonly clock: Clock; readonly log: Logger },
  ) {
    this.#clock = clock;
    this.#log = log;
    this.#startedAtMs = clock.nowMs();
    this.#whereabouts = whereaboutsAtStart(this.#startedAtMs);
    this.#diary = this.#trying(() => Diary.open(folder.diary, clock));
    const problem = (error: unknown) => this.#warn(error);
    this.#file = new StatusFile(folder.status, clock, () => this.#status(), problem);
    this.write({ kind: 'agent-started', program: self.program });
    this.#file.touch();
  }

  /** One step of the agent machine. */
  onStep(before: AgentState, event: AgentEvent, after: AgentState): void {
    const nowMs = this.#clock.nowMs();
    this.#whereabouts = whereaboutsAfter(this.#whereabouts, event, after, nowMs);
    this.#heartbeatIntervalMs = after.memory.heartbeatIntervalMs;
    this.#task = 'task' in after.now ? after.now.task : undefined;
    const { chronicle, news } = chronicleAfter(this.#chronicle, before, event, after);
    this.#chronicle = chronicle;
    for (const each of news) this.write(each);
    this.#file.touch();
  }

  onProgress(progress: WorkProgress): void {
    this.#whereabouts = withProgress(this.#whereabouts, progress);
    const { chronicle, news } = chronicleOfProgress(this.#chronicle, this.#task, progress);
    this.#chronicle = chronicle;
    for (const each of news) this.write(each);
    this.#file.touch();
  }

  /** Of the work under way. */
  onCases(cases: readonly CaseFigures[]): void {
    const task = this.#task;
    if (task === undefined) return;
    const about = { atMs: this.#clock.nowMs(), job: task.job, round: roundOf(task) };
    const figures = { ...about, cases: [...cases] };
    this.#keeping = this.#keeping
      .then(() => keepCaseFigures(this.folder.caseFigures, figures))
      .catch((error: unknown) => this.#warn(error));
  }

  write(news: DiaryNews): void {
    this.#trying(() => this.#diary?.write(news));
  }

  /** Leaves the last word of both on disk. */
  async close(): Promise<void> {
    await this.#keeping;
    await this.#file.close();
    this.#diary?.close();
  }

  async #status(): Promise<AgentStatus> {
    const { address, certificateEndsAtMs } = this.links();
    const { line, doing, awaiting } = this.#whereabouts;
    const disk = await this.#room();
    return {
      atMs: this.#clock.nowMs(),
      startedAtMs: this.#startedAtMs,
      ...this.self,
      line: { ...line, address },
      doing,
      awaiting,
      heartbeatIntervalMs: this.#heartbeatIntervalMs,
      disk,
      certificateEndsAtMs,
    };
  }

  async #room(): Promise<AgentStatus['disk']> {
    const nowMs = this.#clock.nowMs();
    if (this.#disk === undefined || nowMs - this.#disk.atMs >= DISK_EVERY_MS) {
      const { bavail, blocks, bsize } = await statfs(this.folder.root);
      const room = { freeBytes: bavail * bsize, totalBytes: blocks * bsize };
      this.#disk = { atMs: nowMs, room };
    }
    return this.#disk.room;
  }

  #trying<T>(write: () => T): T | undefined {
    try {
      return write();
    } catch (error) {
      this.#warn(error);
      return undefined;
    }
  }

  #warn(error: unknown): void {
    if (this.#hasWarned) return;
    this.#hasWarned = true;
    this.#log.warn({ err: error }, 'status or diary cannot be written; the agent goes on without');
  }
}
