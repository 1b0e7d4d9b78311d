import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { assert, sha256 } from '@fedvox/base';
import { decodeUpdateStatement, signUpdate } from '@fedvox/protocol';
import { newAgent, step } from '../../packages/agent/src/core/agent-machine.js';
import type { Answer } from '../../packages/agent/src/core/answer.js';
import type {
  Action,
  AgentEvent,
  AgentState,
  Effect,
  Now,
} from '../../packages/agent/src/core/machine-types.js';
import { makeStatement } from '../../packages/agent/src/core/statement.js';
import {
  type DeclineReason,
  type GateOutcome,
  type Task,
  taskKey,
} from '../../packages/agent/src/core/task.js';
import type { WorkFailure } from '../../packages/agent/src/core/trainer.js';
import { sitePolicySchema } from '../../packages/agent/src/policy/site-policy.js';
import { takeCounter } from '../../packages/agent/src/state/counter.js';
import { Outbox } from '../../packages/agent/src/state/outbox.js';
import {
  makeStateFolder,
  type StateFolder,
  stateFolder,
} from '../../packages/agent/src/state/state-folder.js';
import { Names, type Words, wordsOf } from './transcript.js';

const SITE = 'north';
const DELTA = 'what was learnt';
const CASES = { trainCases: 8, validationCases: 5 };

/**
 * An agent in the hands of a script: the machine, the counter, the statements and the outbox are the
 * real ones; the script is its coordinator, its trainer and whoever kills it.
 */
export class AgentPlay {
  readonly #folder: StateFolder;
  readonly #names = new Names();
  readonly #key: KeyObject = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
  #outbox!: Outbox;
  #state: AgentState = newAgent([]);
  /** What is under way, and answers with the next event. */
  #action: Action | undefined;

  constructor(folder: string) {
    this.#folder = stateFolder(folder);
  }

  async play(command: string): Promise<string[]> {
    const { words, settings } = wordsOf(command);
    const [verb = '', ...rest] = words;
    const lines =
      verb === 'start' || verb === 'crash'
        ? await this.#start()
        : verb === 'dies-while-storing'
          ? await this.#leaveHalf()
          : await this.#tell(await this.#eventOf(verb, rest, settings));
    const kept = await this.#outbox.list();
    const named = kept.map(({ answer }) => this.#nameOf(answer));
    return [...lines, ...(named.length > 0 ? [`outbox: ${named.join(' ')}`] : [])];
  }

  /** A new process: all that it knows is what lies in the state folder. */
  async #start(): Promise<string[]> {
    await makeStateFolder(this.#folder);
    this.#outbox = await Outbox.open(this.#folder.outbox);
    this.#state = newAgent((await this.#outbox.list()).map(({ answer }) => answer));
    return this.#tell({ kind: 'started' });
  }

  /** What a process leaves that is killed in the middle of storing its answer. */
  async #leaveHalf(): Promise<string[]> {
    assert(this.#action?.kind === 'store', 'an answer is being stored');
    const half = join(this.#folder.outbox, '.arriving-half');
    await mkdir(half);
    await writeFile(join(half, 'envelope.json'), '{"payload":');
    return this.#start();
  }

  async #tell(event: AgentEvent): Promise<string[]> {
    const { state, effects } = step(this.#state, event);
    this.#state = state;
    for (const effect of effects) {
      if (isAction(effect)) this.#action = effect;
      if (effect.kind === 'drop') await this.#outbox.remove(effect.answer);
    }
    return [`now ${this.#placeOf(state.now)}`, ...effects.map((effect) => this.#lineOf(effect))];
  }

  async #eventOf(
    verb: string,
    [word = '', ...words]: readonly string[],
    settings: Words['settings'],
  ): Promise<AgentEvent> {
    switch (verb) {
      case 'greeted': {
        const said = [word, ...words];
        const takesDeclines = !said.includes('old');
        const renewalDue = said.includes('renewal-due');
        return { kind: 'greeted', heartbeatIntervalMs: 30_000, takesDeclines, renewalDue };
      }
      case 'idle':
        return { kind: 'idle', renewalDue: word === 'renewal-due' };
      case 'offer':
        return { kind: 'task-offered', task: taskOf(word, settings) };
      case 'fetched':
        return { kind: 'fetched', outcome: word as GateOutcome };
      case 'checked':
        return {
          kind: 'work-done',
          result: { kind: 'checked', outcome: word as GateOutcome, validationCases: 5 },
        };
      case 'trained':
        return { kind: 'work-done', result: await this.#measured() };
      case 'work-failed':
        return { kind: 'work-failed', failure: failureOf(word) };
      case 'stored':
        return { kind: 'answer-stored', answer: await this.#store() };
      case 'signed-again':
        return { kind: 'answer-signed-again', answer: await this.#signAgain() };
      case 'delivered': {
        assert(this.#state.now.at === 'delivering', 'an answer is being delivered');
        await this.#outbox.remove(this.#state.now.answer);
        return { kind: 'delivered' };
      }
      case 'refused':
        return { kind: 'call-failed', failure: { kind: 'refused', code: word } };
      case 'unreachable':
        return {
          kind: 'call-failed',
          failure: { kind: 'unreachable', reason: 'connection refused' },
        };
      case 'beat-answered': {
        const { job = '', round } = settings;
        const about = { job, round: Number(round) };
        return { kind: 'heartbeat-answered', ...about, stillWanted: word === 'wanted' };
      }
      case 'beat-failed':
        return {
          kind: 'heartbeat-failed',
          failure: { kind: 'unreachable', reason: 'connection refused' },
        };
      default: {
        const plain = PLAIN_EVENTS.find((kind) => kind === verb);
        assert(plain !== undefined, `there is no command ${verb}`);
        return { kind: plain };
      }
    }
  }

  async #measured() {
    await writeFile(this.#deltaPath, DELTA);
    const figures = { dice: 0.75, auc: null };
    const delta = { sha256: sha256(DELTA), byteLength: DELTA.length };
    return { kind: 'measured', figures, delta, ...CASES } as const;
  }

  async #store(): Promise<Answer> {
    const action = this.#action;
    assert(action?.kind === 'store' && action.result.kind === 'measured', 'there is an answer');
    const { task, result } = action;
    const policy = sitePolicySchema.parse({});
    const counter = await takeCounter(this.#folder.counter, 0);
    const about = { federation: 'demo', site: SITE, task, result, policy };
    const statement = makeStatement({ ...about, saysSteps: false, counter });
    const envelope = signUpdate(statement, this.#key, sha256('key'));
    return this.#outbox.put(envelope, result.delta === null ? null : this.#deltaPath);
  }

  async #signAgain(): Promise<Answer> {
    const { now } = this.#state;
    assert(now.at === 'delivering', 'an answer is being delivered');
    const counter = await takeCounter(this.#folder.counter, 0);
    const { envelope } = await this.#outbox.get(now.answer);
    const statement = { ...decodeUpdateStatement(envelope.payload), counter };
    return this.#outbox.replace(now.answer, signUpdate(statement, this.#key, sha256('key')));
  }

  get #deltaPath(): string {
    return join(this.#folder.work, 'delta.safetensors');
  }

  #nameOf({ statement, task }: Answer): string {
    return this.#names.give(statement, task);
  }

  #placeOf(now: Now): string {
    const about =
      'task' in now ? taskKey(now.task) : 'answer' in now ? this.#nameOf(now.answer) : undefined;
    return about === undefined ? now.at : `${now.at} ${about}`;
  }

  #lineOf(effect: Effect): string {
    if (effect.kind === 'note') {
      const { level, text, fields } = effect;
      return this.#names.line({ kind: `log ${level}: ${text};`, ...fields }).replace(/;$/, '');
    }
    const { kind, ...about } = effect;
    const said = Object.entries(about).filter(([key]) => key !== 'result');
    const told = said.map(([key, value]) => [key, this.#toldOf(value)]);
    return `do ${this.#names.line({ kind, ...Object.fromEntries(told) })}`;
  }

  #toldOf(value: unknown): unknown {
    if (typeof value !== 'object' || value === null) return value;
    if ('statement' in value) return this.#nameOf(value as Answer);
    if ('work' in value) return taskKey(value as Task);
    return Object.values(value).join(' ');
  }
}

const PLAIN_EVENTS = [
  'wait-over',
  'renewed',
  'answer-spoilt',
  'gate-reported',
  'declined',
  'heartbeat-due',
  'stop-requested',
] as const;

function isAction(effect: Effect): effect is Action {
  return !['cancel', 'drop', 'keep-beating', 'stop-beating', 'halt', 'beat', 'note'].includes(
    effect.kind,
  );
}

function taskOf(kind: string, { job = 'lesion', round = '1' }: Words['settings']): Task {
  const baseModel = sha256(`m${Number(round) - 1}`);
  const work =
    kind === 'check-data'
      ? ({ kind } as const)
      : { kind: kind as 'train' | 'evaluate', round: Number(round), baseModel };
  return { job, jobDigest: sha256(job), work };
}

function failureOf(how: string): WorkFailure {
  if (how === 'crash') {
    const message = 'the training process ended unexpectedly (SIGKILL)';
    return { code: 'agent/trainer-died', message, retryable: true, reason: 'trainer-failed' };
  }
  return { code: `test/${how}`, message: how, retryable: false, reason: how as DeclineReason };
}
