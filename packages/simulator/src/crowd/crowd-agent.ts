import { generateKeyPairSync } from 'node:crypto';
import {
  type Action,
  type AgentEvent,
  type AgentState,
  type Answer,
  type Beat,
  callFailureOf,
  DEFAULT_PACE,
  type Effect,
  figuresOutlook,
  judgeJob,
  makeStatement,
  newAgent,
  refusalOfWithheld,
  roundOf,
  type SitePolicy,
  step,
  type WorkResult,
  waitMs,
} from '@fedvox/agent/cores';
import { assert, type Clock, type Sha256, sha256, type Timer } from '@fedvox/base';
import { type Job, STRATEGY_TERMS } from '@fedvox/job';
import {
  type Envelope,
  type Signer,
  signUpdate,
  statementDigest,
  type Task,
} from '@fedvox/protocol';
import type { CrowdCoordinator } from './crowd-coordinator.js';
import { type CrowdEgress, sentBytes } from './crowd-egress.js';

/** A site's work, and how long it takes there. */
export interface CrowdWork {
  readonly durationMs: number;
  readonly finish: () => FinishedWork;
}

export interface FinishedWork {
  readonly result: WorkResult;
  readonly delta: Uint8Array | null;
  /** Called once the update was accepted. */
  readonly keep?: (() => void) | undefined;
}

export interface CrowdAgentOptions {
  readonly site: string;
  readonly federation: string;
  readonly policy: SitePolicy;
  readonly clock: Clock;
  readonly jitter: () => number;
  readonly coordinator: CrowdCoordinator;
  readonly heartbeatIntervalMs: number;
  /** The site's, from one life of its agent to the next. */
  readonly memory: CrowdMemory;
  readonly egress: CrowdEgress;
  readonly work: (job: Job, task: Task) => CrowdWork;
  /** Counts the work as under way until it has ended. */
  readonly during: <Result>(work: Promise<Result>) => Promise<Result>;
  readonly onFailure: (error: unknown) => void;
}

/** What a real agent has on its disk: its key, and the highest counter that it has signed under. */
export interface CrowdMemory {
  readonly key: ReturnType<typeof ellipticKey>;
  readonly signer: Signer;
  counter: number;
  readonly outbox: Map<Sha256, Stored>;
}

interface Stored {
  readonly answer: Answer;
  readonly envelope: Envelope;
  readonly delta: Uint8Array | null;
  readonly keep: (() => void) | undefined;
}

/** A key on P-256: made in no time, where one of RSA takes a second. No authority has certified it. */
function ellipticKey() {
  return generateKeyPairSync('ec', { namedCurve: 'P-256' });
}

export function newCrowdMemory(federation: string, name: string): CrowdMemory {
  const key = ellipticKey();
  const keyId = sha256(key.publicKey.export({ type: 'spki', format: 'der' }));
  const signer = { identity: { federation, name }, keyId, publicKey: key.publicKey };
  return { key, signer, counter: 0, outbox: new Map() };
}

/** The agent's core at a site that is in memory: it decides as in a hospital, and what it asks for is done here. */
export class CrowdAgent {
  readonly #options: CrowdAgentOptions;
  readonly #events: AgentEvent[] = [];
  #state: AgentState;
  #isStepping = false;
  #isHalted = false;
  #waiting: Timer | undefined;
  #beating: Timer | undefined;
  #isAsking = false;
  /** What is stored next. */
  #done: FinishedWork | undefined;
  /** Actions that were cancelled meanwhile answer nobody. */
  #turn = 0;

  constructor(options: CrowdAgentOptions) {
    this.#options = options;
    const answers = [...options.memory.outbox.values()].map(({ answer }) => answer);
    this.#state = newAgent(answers);
  }

  start(): void {
    this.#dispatch({ kind: 'started' });
  }

  stop(): void {
    this.#dispatch({ kind: 'stop-requested' });
  }

  /** There may be work now. */
  wake(): void {
    if (!this.#isAsking) return;
    const task = this.#options.coordinator.nextTask(this.#options.site);
    if (task === undefined) return;
    this.#isAsking = false;
    this.#dispatch({ kind: 'task-offered', task });
  }

  #dispatch(event: AgentEvent): void {
    this.#events.push(event);
    if (this.#isStepping) return;
    this.#isStepping = true;
    try {
      for (let next = this.#events.shift(); next !== undefined; next = this.#events.shift()) {
        if (this.#isHalted) return;
        const { state, effects } = step(this.#state, next);
        this.#state = state;
        for (const effect of effects) this.#carryOut(effect);
      }
    } finally {
      this.#isStepping = false;
    }
  }

  #carryOut(effect: Effect): void {
    const { clock } = this.#options;
    switch (effect.kind) {
      case 'note':
        return;
      case 'beat':
        this.#beat(effect);
        return;
      case 'keep-beating':
        this.#beating = clock.every(effect.everyMs, () =>
          this.#dispatch({ kind: 'heartbeat-due' }),
        );
        return;
      case 'stop-beating':
        this.#beating?.cancel();
        return;
      case 'cancel':
        this.#turn += 1;
        this.#isAsking = false;
        this.#waiting?.cancel();
        return;
      case 'drop':
        this.#options.memory.outbox.delete(effect.answer.statement);
        return;
      case 'halt':
        this.#isHalted = true;
        this.#beating?.cancel();
        if (effect.reason.kind === 'refused') {
          this.#options.onFailure(new Error(`${this.#options.site}: ${effect.reason.code}`));
        }
        return;
      default:
        this.#begin(effect);
    }
  }

  #begin(action: Action): void {
    const turn = this.#turn;
    const { during, onFailure } = this.#options;
    const told = (event: AgentEvent | undefined) => {
      if (event !== undefined && turn === this.#turn) this.#dispatch(event);
    };
    during(this.#perform(action)).then(told, (error: unknown) => {
      const failure = callFailureOf(error);
      if (failure === undefined) onFailure(error);
      else told({ kind: 'call-failed', failure });
    });
  }

  /** What comes of it at once; undefined where an event follows later. */
  async #perform(action: Action): Promise<AgentEvent | undefined> {
    const { coordinator, site, jitter, heartbeatIntervalMs, egress } = this.#options;
    switch (action.kind) {
      case 'greet':
        egress.note('capabilities', sentBytes.hello());
        coordinator.greet(site);
        return {
          ...{ kind: 'greeted', heartbeatIntervalMs },
          ...{ takesDeclines: true, renewalDue: false },
        };
      case 'ask':
        egress.note('control', sentBytes.nextTask());
        this.#isAsking = true;
        this.wake();
        return undefined;
      case 'wait':
        this.#later(waitMs(action, DEFAULT_PACE, jitter()), () => ({ kind: 'wait-over' }));
        return undefined;
      case 'fetch': {
        const job = coordinator.jobOf(action.task);
        return { kind: 'fetched', outcome: judgeJob(this.#options.policy, job) };
      }
      case 'work': {
        const { task } = action;
        const { durationMs, finish } = this.#options.work(coordinator.jobOf(task), task);
        this.#later(durationMs, () => {
          this.#done = finish();
          return { kind: 'work-done', result: this.#done.result };
        });
        return undefined;
      }
      case 'store':
        return { kind: 'answer-stored', answer: this.#store(action.task, action.result) };
      case 'report-gate':
        return this.#reportGate(action);
      case 'decline': {
        const { task, reason } = action;
        coordinator.decline(site, { job: task.job, round: roundOf(task), reason });
        egress.note('control', sentBytes.decline({ job: task.job, round: roundOf(task), reason }));
        return { kind: 'declined' };
      }
      case 'deliver':
        return this.#deliver(action.answer);
      default:
        throw new Error(`a crowd’s sites are not asked to ${action.kind}`);
    }
  }

  #later(afterMs: number, event: () => AgentEvent): void {
    this.#waiting = this.#options.clock.after(afterMs, () => this.#dispatch(event()));
  }

  #beat({ job, round, state }: Beat): void {
    const { coordinator, site, egress } = this.#options;
    egress.note('control', sentBytes.heartbeat({ job, round, state }));
    const { stillWanted } = coordinator.heartbeat(site, { round });
    this.#dispatch({ kind: 'heartbeat-answered', job, round, stillWanted });
  }

  #reportGate({
    task,
    outcome,
    validationCases,
  }: Extract<Action, { kind: 'report-gate' }>): AgentEvent {
    const { coordinator, site, policy, egress } = this.#options;
    const figures = validationCases === null ? null : figuresOutlook(policy, validationCases);
    const why =
      validationCases !== null &&
      refusalOfWithheld(policy, coordinator.jobOf(task), validationCases) !== undefined;
    const report = {
      job: task.job,
      outcome: why ? 'refused-by-policy' : outcome,
      figures,
    } as const;
    egress.note('gate', sentBytes.gate(report));
    coordinator.reportGate(site, report);
    return { kind: 'gate-reported' };
  }

  #store(task: Task, result: WorkResult): Answer {
    assert(result.kind === 'measured' && task.work.kind !== 'check-data', 'a model was worked on');
    const { site, federation, policy, memory, coordinator } = this.#options;
    const { strategy } = coordinator.jobOf(task).federation;
    const saysSteps = STRATEGY_TERMS[strategy.kind].needs.localSteps;
    memory.counter += 1;
    const { counter, key, signer } = memory;
    const statement = makeStatement({ federation, site, task, result, policy, saysSteps, counter });
    const envelope = signUpdate(statement, key.privateKey, signer.keyId);
    const { job, round, baseModel } = statement;
    const answer = {
      ...{ statement: statementDigest(envelope.payload), job, round, baseModel },
      task: `${job}/${round}/${task.work.kind}`,
    };
    const { delta = null, keep } = this.#done ?? {};
    this.#done = undefined;
    memory.outbox.set(answer.statement, { answer, envelope, delta, keep });
    return answer;
  }

  async #deliver({ statement }: Answer): Promise<AgentEvent> {
    const { coordinator, memory, egress } = this.#options;
    const stored = memory.outbox.get(statement);
    assert(stored !== undefined, 'what is delivered is in the outbox');
    const { envelope, delta, keep } = stored;
    egress.note('statement', sentBytes.statement(envelope));
    if (delta !== null) egress.note('delta', sentBytes.delta(statement, delta));
    await coordinator.deliver(envelope, delta, memory.signer);
    egress.note('control', sentBytes.submit(statement));
    keep?.();
    memory.outbox.delete(statement);
    return { kind: 'delivered' };
  }
}
