import { type Sha256, sha256 } from '@fedvox/base';
import type { Capability, DeclineReason, FiguresOutlook, GateOutcome } from '@fedvox/protocol';
import { expect } from 'vitest';
import type { JobFact } from '../core/facts.js';
import { step, submitJob } from '../core/job-machine.js';
import type { JobEffect, JobEvent, JobState } from '../core/job-state.js';
import type { RoundOutcome } from '../core/round-machine.js';
import { invitedSites } from '../core/standing.js';
import type { SubmittedPlan } from '../core/submitted-plan.js';
import { taskOf } from '../core/tasks.js';
import type { SiteVerdict } from '../core/verdict.js';

export const plan: SubmittedPlan = {
  jobId: 'job',
  rounds: 2,
  minSites: 2,
  deadlineMs: 1_000,
  invitedSites: ['east', 'north', 'south'],
  initialModel: sha256('initial'),
};

const ASK_AGAIN_MS = 100;

type AggregateEffect = Extract<JobEffect, { kind: 'aggregate' }>;

/** Plays the shell: keeps the state, answers every effect at once, remembers what happened. */
export class Driver {
  state: JobState;
  readonly facts: JobFact[] = [];
  readonly aggregated: AggregateEffect[] = [];
  /** What the firewall finds, by site; of others it says nothing. */
  readonly verdicts = new Map<string, SiteVerdict>();
  nowMs = 0;
  /** Where set, what the figures say to the next aggregation: no gain since that round's model. */
  lastGain?: number;

  constructor(
    plan: SubmittedPlan,
    readonly answersEffects = true,
  ) {
    const first = submitJob(plan, 0);
    this.state = first.state;
    this.facts.push(...first.facts);
  }

  send(event: JobEvent): void {
    const { state, facts, effects } = step(this.state, event);
    if (facts.length === 0) expect(state).toEqual(this.state);
    this.state = state;
    this.facts.push(...facts);
    if (this.answersEffects) for (const effect of effects) this.carryOut(effect);
  }

  carryOut(effect: JobEffect): void {
    const { round } = effect;
    switch (effect.kind) {
      case 'open-round':
        this.send({ kind: 'round-opened', round, nowMs: this.nowMs });
        break;
      case 'settle-updates':
        this.send({ kind: 'updates-settled', round });
        break;
      case 'screen': {
        const verdicts = invitedSites(this.state).flatMap((site) => this.verdicts.get(site) ?? []);
        this.send({ kind: 'screened', round, verdicts, nowMs: this.nowMs });
        break;
      }
      case 'aggregate':
        this.aggregated.push(effect);
        this.send({
          ...{ kind: 'aggregated', round, ...outcomeOf(effect) },
          ...(this.lastGain !== undefined && { lastGain: this.lastGain }),
        });
    }
  }

  /** The site does whatever task it has, well. */
  work(site: string): void {
    const task = this.task(site);
    if (task === null) return;
    const { nowMs } = this;
    if (task.kind === 'check-data') {
      this.report(site, 'pass');
      return;
    }
    const answer = { kind: 'update', statement: statementOf(site, task.round) } as const;
    this.send({ kind: 'site-answered', site, answer, nowMs });
  }

  task(site: string) {
    return taskOf(this.state, site, this.nowMs);
  }

  report(site: string, outcome: GateOutcome, figures: FiguresOutlook = 'reported'): void {
    const { nowMs } = this;
    const askAgainAtMs = nowMs + ASK_AGAIN_MS;
    this.send({ kind: 'gate-reported', site, outcome, figures, askAgainAtMs, nowMs });
  }

  /** The coordinator sees that the site's agent lacks something, where it has a task. */
  lack(site: string, ...lacks: Capability[]): void {
    if (this.task(site) === null) return;
    this.send({ kind: 'site-lacks', site, lacks, nowMs: this.nowMs });
  }

  decline(site: string, reason: DeclineReason): void {
    const { nowMs } = this;
    const answer = { kind: 'declined', reason, askAgainAtMs: nowMs + ASK_AGAIN_MS } as const;
    this.send({ kind: 'site-answered', site, answer, nowMs });
  }

  workAll(): void {
    for (const site of plan.invitedSites) this.work(site);
  }

  /** Whoever is not named was not heard of lately. */
  passTime(durationMs: number, ...present: string[]): void {
    this.nowMs += durationMs;
    const away = invitedSites(this.state).filter((site) => !present.includes(site));
    this.send({ kind: 'tick', nowMs: this.nowMs, away });
  }

  kinds(): string[] {
    return this.facts.map(({ kind }) => kind);
  }
}

export const statementOf = (site: string, round: number) => sha256(`${site}/${round}`);

/** Of a strategy that keeps something from round to round. */
function outcomeOf({ statements, baseModel, baseState }: AggregateEffect): RoundOutcome {
  const after = (base: Sha256 | null) => sha256([base, ...statements].join());
  return { model: after(baseModel), serverState: after(baseState) };
}
