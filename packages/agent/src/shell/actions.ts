import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { assert, type Clock, type FedvoxError } from '@fedvox/base';
import { isDiskFull, type Logger } from '@fedvox/base/system';
import { type Job, STRATEGY_TERMS } from '@fedvox/job';
import { type Credentials, needsRenewal, readPemChain, termOf } from '@fedvox/pki';
import type { Envelope } from '@fedvox/protocol';
import type { Wire } from '@fedvox/transport';
import type { SiteConfig } from '../config.js';
import type { Answer } from '../core/answer.js';
import type { Action, AgentEvent, Beat } from '../core/machine-types.js';
import type { StatementInput } from '../core/statement.js';
import { roundOf, type Task } from '../core/task.js';
import type { Trainer, WorkOrder, WorkProgress, WorkResult } from '../core/trainer.js';
import type { EgressLedger } from '../ledger/egress-ledger.js';
import { Line } from '../line/line.js';
import type { ContactKeeper } from '../state/contact.js';
import type { KeptRounds } from '../state/kept-rounds.js';
import type { Outbox, OutboxEntry } from '../state/outbox.js';
import { storeReceipt } from '../state/receipts.js';
import type { StateFolder } from '../state/state-folder.js';
import type { SiteActions } from './agent-shell.js';
import { checkWelcome } from './check-welcome.js';
import { clockSkew } from './clock-skew.js';
import { callFailureOf, diskFullFailure, workFailureOf } from './failures.js';
import { type Fetched, fetchTask } from './fetch.js';
import { Keeping, keptOf } from './keeping.js';
import { type Pace, type Wait, waitMs } from './pace.js';
import { renewCredentials } from './renew.js';
import type { StatementSigner } from './signing.js';
import type { SiteRecord } from './site-record.js';
import { termWarnings } from './term-warnings.js';
import { tellFigures } from './told-figures.js';
import { gateReport } from './told-gate.js';
import { type WorkFiles, workFiles } from './work-files.js';

/** How often a person who follows the log sees that work goes on. */
const PROGRESS_EVERY_MS = 30_000;
/** However soon the new certificate looks due again: a clock is wrong then, and no renewal mends it. */
const MIN_RENEWAL_INTERVAL_MS = 3_600_000;
const WARN_AGAIN_MS = 24 * 3_600_000;

export interface ActionContext {
  readonly config: SiteConfig;
  readonly folder: StateFolder;
  /** `host:port` of each coordinator; one is dialled at a time. */
  readonly addresses: readonly string[];
  readonly dial: Wire['dial'];
  readonly ledger: EgressLedger;
  readonly contact: ContactKeeper;
  readonly outbox: Outbox;
  readonly kept: KeptRounds;
  readonly signer: StatementSigner;
  readonly trainer: Trainer;
  /** What the site's own people see of the work. */
  readonly record: Pick<SiteRecord, 'onProgress' | 'write'>;
  readonly clock: Clock;
  /** In [0, 1). */
  readonly jitter: () => number;
  readonly pace: Pace;
  readonly log: Logger;
}

type Said = Exclude<Action, { kind: 'wait' | 'work' | 'store' }>;

/** The agent machine's actions at a real site: a line to dial, a disk, a trainer. */
export class RealActions implements SiteActions {
  readonly #context: ActionContext;
  readonly #keeping: Keeping;
  readonly #files: WorkFiles;
  #credentials: Credentials;
  #line: Line | undefined;
  /** How often a coordinator was given up for the next. */
  #turns = 0;
  #heartbeatIntervalMs = 0;
  /** Set where the two clocks disagree by too much for certificates to mean the same. */
  #clockSkew: FedvoxError | undefined;
  #renewedAtMs = Number.NEGATIVE_INFINITY;
  #warnedAtMs = Number.NEGATIVE_INFINITY;
  /** What `fetch` brought for the task that `work` is about. */
  #fetched: Extract<Fetched, { outcome: 'pass' }> | undefined;
  /** The last refusal of each code, with the coordinator's own words. */
  readonly #refusals = new Map<string, unknown>();

  constructor(context: ActionContext, credentials: Credentials) {
    this.#context = context;
    this.#files = workFiles(context.folder);
    this.#keeping = new Keeping(context.kept, join(context.folder.work, 'kept'));
    this.#credentials = credentials;
  }

  /** The error behind a refusal that the machine knows by its code only. */
  refusal(code: string): unknown {
    return this.#refusals.get(code);
  }

  async perform(action: Action, signal: AbortSignal): Promise<AgentEvent> {
    switch (action.kind) {
      case 'wait':
        await this.#wait(action, signal);
        return { kind: 'wait-over' };
      case 'work':
        return this.#work(action.task, signal);
      case 'store':
        return this.#store(action.task, action.result);
      default:
        return this.#talk(action, signal);
    }
  }

  async beat({ job, round, state }: Beat, signal: AbortSignal): Promise<AgentEvent> {
    try {
      const { stillWanted } = await this.#connected().heartbeat({ job, round, state }, signal);
      await this.#noteContact(null);
      return { kind: 'heartbeat-answered', job, round, stillWanted };
    } catch (error) {
      return { kind: 'heartbeat-failed', failure: this.#callFailure(error) };
    }
  }

  drop(answer: Answer): Promise<void> {
    return this.#context.outbox.remove(answer);
  }

  close(): void {
    this.#line?.close();
  }

  /**
   * Everything that says something to the coordinator, and what prepares it: what fails there is an
   * event, not the end.
   */
  async #talk(action: Said, signal: AbortSignal): Promise<AgentEvent> {
    try {
      const event = await this.#say(action, signal);
      await this.#noteContact(null);
      return event;
    } catch (error) {
      const failure = this.#callFailure(error);
      await this.#noteContact('reason' in failure ? failure.reason : failure.code);
      if (failure.kind === 'unreachable') this.#turns += 1;
      return { kind: 'call-failed', failure };
    }
  }

  async #say(action: Said, signal: AbortSignal): Promise<AgentEvent> {
    switch (action.kind) {
      case 'greet':
        return await this.#greet(signal);
      case 'renew':
        return await this.#renew(signal);
      case 'ask':
        return await this.#ask(signal);
      case 'fetch':
        return await this.#fetch(action.task, signal);
      case 'report-gate':
        await this.#connected().reportGate(
          gateReport(this.#context, this.#fetched?.job, action),
          signal,
        );
        return { kind: 'gate-reported' };
      case 'decline': {
        const { task, reason } = action;
        const decline = { job: task.job, round: roundOf(task), reason };
        await this.#connected().decline(decline, signal);
        return { kind: 'declined' };
      }
      case 'sign-again':
        return { kind: 'answer-signed-again', answer: await this.#signAgain(action.answer) };
      case 'deliver':
        return await this.#deliver(action.answer, (line, entry) => line.deliver(entry, signal));
      case 'collect-receipt':
        return await this.#deliver(action.answer, (line, entry) =>
          line.collectReceipt(entry, signal),
        );
    }
  }

  /** A fresh line each time: the address is looked up anew, and a renewed certificate is shown. */
  async #greet(signal: AbortSignal): Promise<AgentEvent> {
    const { dial, ledger, clock } = this.#context;
    this.#line?.close();
    this.#line = new Line({ address: this.address, dial, ledger, credentials: this.#credentials });
    const welcome = await this.#line.hello(signal);
    checkWelcome(welcome, this.#credentials.identity.federation);
    const { heartbeatIntervalMs, capabilities, clockMs } = welcome;
    this.#heartbeatIntervalMs = heartbeatIntervalMs;
    this.#clockSkew = clockSkew(clock.nowMs(), clockMs);
    this.#warnOfEnds(this.#line);
    const takesDeclines = capabilities.includes('decline');
    const renewalDue = this.#isRenewalDue();
    return { kind: 'greeted', heartbeatIntervalMs, takesDeclines, renewalDue };
  }

  async #renew(signal: AbortSignal): Promise<AgentEvent> {
    const { folder, clock } = this.#context;
    if (this.#clockSkew !== undefined) throw this.#clockSkew;
    const line = this.#connected();
    const { credentials } = folder;
    this.#credentials = await renewCredentials(credentials, this.#credentials, line, clock, signal);
    this.#renewedAtMs = clock.nowMs();
    return { kind: 'renewed' };
  }

  /** At the first greeting, and then once a day at most. */
  #warnOfEnds(line: Line): void {
    const { clock, log } = this.#context;
    const nowMs = clock.nowMs();
    if (nowMs - this.#warnedAtMs < WARN_AGAIN_MS) return;
    this.#warnedAtMs = nowMs;
    for (const { text, advice } of termWarnings(
      line.coordinatorCertificate,
      this.#credentials.caPem,
      nowMs,
    )) {
      log.warn({ advice }, text);
    }
  }

  async #ask(signal: AbortSignal): Promise<AgentEvent> {
    const { clock, pace } = this.#context;
    const earliestMs = clock.nowMs() + pace.minIdleMs;
    const task = await this.#connected().nextTask('idle', signal);
    if (task !== undefined) return { kind: 'task-offered', task };
    await clock.sleep(Math.max(0, earliestMs - clock.nowMs()), signal);
    return { kind: 'idle', renewalDue: this.#isRenewalDue() };
  }

  async #fetch(task: Task, signal: AbortSignal): Promise<AgentEvent> {
    const { config, folder, clock, log } = this.#context;
    const { policy, maxModelBytes } = config;
    const line = this.#connected();
    const { blobs, approvals } = folder;
    const kept = { blobs, approvals, nowMs: clock.nowMs() };
    const options = { ...kept, line, policy, maxModelBytes, log, signal };
    const fetched = await fetchTask(task, options);
    this.#fetched = fetched.outcome === 'pass' ? fetched : undefined;
    return { kind: 'fetched', outcome: fetched.outcome };
  }

  async #wait(wait: Wait, signal: AbortSignal): Promise<void> {
    const { clock, pace, jitter } = this.#context;
    await clock.sleep(waitMs(wait, pace, jitter()), signal);
  }

  async #work(task: Task, signal: AbortSignal): Promise<AgentEvent> {
    const { trainer } = this.#context;
    try {
      const order = await this.#orderFor(task);
      const result = await trainer.run(order, signal, this.#onProgress(task));
      return { kind: 'work-done', result };
    } catch (error) {
      const failure = workFailureOf(error);
      if (failure === undefined) throw error;
      return { kind: 'work-failed', failure };
    }
  }

  #onProgress({ job }: Task): (progress: WorkProgress) => void {
    const { clock, log, record } = this.#context;
    let nextMs = clock.nowMs() + PROGRESS_EVERY_MS;
    return (progress) => {
      record.onProgress(progress);
      if (clock.nowMs() < nextMs) return;
      nextMs = clock.nowMs() + PROGRESS_EVERY_MS;
      log.info({ job, ...progress }, 'work goes on');
    };
  }

  async #orderFor(task: Task): Promise<WorkOrder> {
    const fetched = this.#fetched;
    assert(fetched !== undefined, 'work begins with what was fetched for it');
    await rm(this.#files.deltaPath, { force: true });
    const { job, baseModelPath } = fetched;
    const kept = await this.#keeping.begin(task, keptOf(job));
    // What would not be told need not be computed.
    const { shareDataSummary } = this.#context.config.policy;
    const isSummaryWanted = shareDataSummary && job.data.summary && task.work.kind === 'check-data';
    return {
      ...{ job, work: task.work, ...this.#files },
      ...(baseModelPath === undefined ? {} : { baseModelPath }),
      ...(kept === undefined ? {} : { kept }),
      ...(isSummaryWanted && { summarizes: true }),
    };
  }

  /** Signed under a counter that is on disk, and in the outbox whole, before a byte of it is sent. */
  async #store(task: Task, result: WorkResult): Promise<AgentEvent> {
    assert(result.kind === 'measured', 'a statement tells of work on a model');
    try {
      return { kind: 'answer-stored', answer: await this.#signAndKeep(task, result) };
    } catch (error) {
      if (!isDiskFull(error)) throw error;
      return { kind: 'work-failed', failure: diskFullFailure(error) };
    }
  }

  async #signAndKeep(task: Task, result: StatementInput['result']): Promise<Answer> {
    const { signer, config, outbox } = this.#context;
    const { federation, name: site } = this.#credentials.identity;
    const { localSteps } = STRATEGY_TERMS[this.#job.federation.strategy.kind].needs;
    const saysSteps = localSteps && this.#connected().agreesOn('local-steps');
    const input = { federation, site, task, result, policy: config.policy, saysSteps };
    await this.#keeping.end(task, keptOf(this.#job), result.delta);
    const envelope = await signer.sign(this.#credentials, input);
    const answer = await outbox.put(envelope, result.delta === null ? null : this.#files.deltaPath);
    await rm(this.#files.checkpointDir, { recursive: true, force: true });
    tellFigures(this.#context, task, result, envelope);
    return answer;
  }

  async #signAgain(answer: Answer): Promise<Answer> {
    const { signer, outbox } = this.#context;
    const { envelope } = await outbox.get(answer);
    return outbox.replace(answer, await signer.signAgain(this.#credentials, envelope));
  }

  async #deliver(
    answer: Answer,
    send: (line: Line, entry: OutboxEntry) => Promise<Envelope>,
  ): Promise<AgentEvent> {
    const { outbox, kept, folder } = this.#context;
    const entry = await outbox.get(answer);
    if (!(await outbox.isIntact(entry))) return { kind: 'answer-spoilt' };
    const receipt = await send(this.#connected(), entry);
    await storeReceipt(folder.receipts, answer.statement, entry.envelope, receipt);
    if (entry.delta !== null) await kept.accept(answer.job, answer.round, entry.delta.sha256);
    await outbox.remove(answer);
    if (entry.delta === null) {
      // Only the last round asks for figures alone.
      const { job, round } = answer;
      this.#context.log.info({ job, round }, 'last evaluation delivered; the job is over here');
    }
    return { kind: 'delivered' };
  }

  /** For a check of the site while the agent runs; the line itself goes on without it. */
  async #noteContact(failure: string | null): Promise<void> {
    const { contact, log } = this.#context;
    const heartbeatIntervalMs = this.#heartbeatIntervalMs;
    await contact
      .note({ address: this.address, failure, heartbeatIntervalMs })
      .catch((error: unknown) => log.warn({ err: error }, 'the last contact could not be kept'));
  }

  #callFailure(error: unknown) {
    const failure = callFailureOf(error);
    if (failure === undefined) throw error;
    if (failure.kind === 'refused') this.#refusals.set(failure.code, error);
    return failure;
  }

  get #job(): Job {
    assert(this.#fetched !== undefined, 'an answer is to what was fetched');
    return this.#fetched.job;
  }

  #connected(): Line {
    assert(this.#line !== undefined, 'the agent greets before it says anything else');
    return this.#line;
  }

  #isRenewalDue(): boolean {
    const [certificate] = readPemChain(this.#credentials.certificateChainPem);
    assert(certificate !== undefined, 'credentials hold a certificate');
    const nowMs = this.#context.clock.nowMs();
    if (Math.abs(nowMs - this.#renewedAtMs) < MIN_RENEWAL_INTERVAL_MS) return false;
    return needsRenewal(certificate, nowMs);
  }

  /** When the site's present certificate ends: milliseconds since the epoch. */
  get certificateEndsAtMs(): number {
    return termOf(this.#credentials.certificateChainPem, this.#context.clock.nowMs()).endsAtMs;
  }

  /** Of the coordinator whose turn it is. */
  get address(): string {
    const { addresses } = this.#context;
    const address = addresses[this.#turns % addresses.length];
    assert(address !== undefined, 'a member has an address to dial');
    return address;
  }
}
