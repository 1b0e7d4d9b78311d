import { assert, type Clock, type Timer } from '@fedvox/base';
import type { Logger } from '@fedvox/base/system';
import { step } from '../core/agent-machine.js';
import type { Answer } from '../core/answer.js';
import type {
  Action,
  AgentEvent,
  AgentState,
  Beat,
  Effect,
  StopReason,
} from '../core/machine-types.js';

/** What the machine asks for, done for real. */
export interface SiteActions {
  /** Ends in the action's event; a throw is fatal to the agent. Ends soon after the signal aborts. */
  perform(action: Action, signal: AbortSignal): Promise<AgentEvent>;
  beat(beat: Beat, signal: AbortSignal): Promise<AgentEvent>;
  drop(answer: Answer): Promise<void>;
}

/** Is told of every step, once the machine took it and before its effects are carried out. */
export type StepObserver = (before: AgentState, event: AgentEvent, after: AgentState) => void;

/**
 * Runs the agent machine: one event after the other goes in, its effects are carried out in order.
 * Holds no decision of its own.
 */
export class AgentShell {
  readonly #actions: SiteActions;
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #onStep: StepObserver;
  #state: AgentState;
  readonly #events: AgentEvent[] = [];
  #wake: () => void = () => undefined;
  #action: { readonly controller: AbortController; readonly ended: Promise<void> } | undefined;
  #beating: { readonly timer: Timer; readonly controller: AbortController } | undefined;
  #beatUnderWay = false;
  #crash: { readonly error: unknown } | undefined;
  #halted: StopReason | undefined;

  constructor(
    state: AgentState,
    actions: SiteActions,
    clock: Clock,
    log: Logger,
    onStep: StepObserver = () => undefined,
  ) {
    this.#state = state;
    this.#onStep = onStep;
    this.#actions = actions;
    this.#clock = clock;
    this.#log = log;
  }

  /** Runs until the machine halts. @throws what an action threw that no event stands for */
  async run(): Promise<StopReason> {
    this.#dispatch({ kind: 'started' });
    try {
      while (this.#halted === undefined) {
        const event = await this.#nextEvent();
        const before = this.#state;
        const { state, effects } = step(before, event);
        this.#state = state;
        this.#onStep(before, event, state);
        for (const effect of effects) await this.#carryOut(effect);
      }
      return this.#halted;
    } finally {
      this.#stopBeating();
      await this.#cancel();
    }
  }

  /** Ends everything under way in good order; `run` returns soon after. */
  stop(): void {
    this.#dispatch({ kind: 'stop-requested' });
  }

  #dispatch(event: AgentEvent): void {
    this.#events.push(event);
    this.#wake();
  }

  async #nextEvent(): Promise<AgentEvent> {
    for (;;) {
      if (this.#crash !== undefined) throw this.#crash.error;
      const event = this.#events.shift();
      if (event !== undefined) return event;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  async #carryOut(effect: Effect): Promise<void> {
    switch (effect.kind) {
      case 'note':
        this.#log[effect.level](effect.fields, effect.text);
        return;
      case 'beat':
        return this.#beat(effect);
      case 'keep-beating':
        return this.#keepBeating(effect.everyMs);
      case 'stop-beating':
        return this.#stopBeating();
      case 'cancel':
        return this.#cancel();
      case 'drop':
        return this.#actions.drop(effect.answer);
      case 'halt':
        this.#halted = effect.reason;
        return;
      default:
        return this.#begin(effect);
    }
  }

  #begin(action: Action): void {
    assert(this.#action === undefined, 'one action at a time');
    const controller = new AbortController();
    const ended = this.#actions.perform(action, controller.signal).then(
      (event) => {
        if (controller.signal.aborted) return;
        this.#action = undefined;
        this.#dispatch(event);
      },
      (error: unknown) => {
        if (!controller.signal.aborted) this.#fail(error);
      },
    );
    this.#action = { controller, ended };
  }

  /** Returns once nothing of the action runs on. */
  async #cancel(): Promise<void> {
    const action = this.#action;
    this.#action = undefined;
    action?.controller.abort(new Error('no longer wanted'));
    await action?.ended;
  }

  #keepBeating(everyMs: number): void {
    const timer = this.#clock.every(everyMs, () => this.#dispatch({ kind: 'heartbeat-due' }));
    this.#beating = { timer, controller: new AbortController() };
  }

  #stopBeating(): void {
    this.#beating?.timer.cancel();
    this.#beating?.controller.abort(new Error('no longer wanted'));
    this.#beating = undefined;
  }

  /** A heartbeat that is still unanswered when the next is due stands for both. */
  #beat(beat: Beat): void {
    const beating = this.#beating;
    if (beating === undefined || this.#beatUnderWay) return;
    const { signal } = beating.controller;
    this.#beatUnderWay = true;
    const settle = (settled: () => void) => {
      this.#beatUnderWay = false;
      if (!signal.aborted) settled();
    };
    this.#actions.beat(beat, signal).then(
      (event) => settle(() => this.#dispatch(event)),
      (error: unknown) => settle(() => this.#fail(error)),
    );
  }

  #fail(error: unknown): void {
    this.#crash ??= { error };
    this.#wake();
  }
}
