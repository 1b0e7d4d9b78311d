import { join } from 'node:path';
import { assert, sha256, VirtualClock } from '@fedvox/base';
import {
  DEFAULT_FIREWALL,
  durationMs,
  type FirewallRules,
  type QuarantineReason,
} from '@fedvox/job';
import type { Capability, GateOutcome } from '@fedvox/protocol';
import { submitJob } from '../../packages/coordinator/src/core/job-machine.js';
import {
  dueEffects,
  type JobEffect,
  type JobEvent,
  type JobPlan,
} from '../../packages/coordinator/src/core/job-state.js';
import {
  eventOfOrder,
  eventOfUpdateOrder,
  ORDERS,
  type Order,
  UPDATE_ORDERS,
  type UpdateOrder,
} from '../../packages/coordinator/src/core/orders.js';
import { invitedSites, standingOf } from '../../packages/coordinator/src/core/standing.js';
import { taskOf } from '../../packages/coordinator/src/core/tasks.js';
import { type Advance, JobRegistry } from '../../packages/coordinator/src/shell/job-registry.js';
import { openSqliteStore } from '../../packages/coordinator/src/store/sqlite-store.js';
import type { Store } from '../../packages/coordinator/src/store/store.js';
import { listOf, Names, type Words, wordsOf } from './transcript.js';

const JOB = 'job';
const ASK_AGAIN_MS = 60_000;
type OnQuarantine = FirewallRules['onQuarantine'];
const KILLED = new Error('the process is gone');

/**
 * A coordinator's job in the hands of a script: the machine, the registry and the store are the real
 * ones; the script is its sites, its operator, its clock, and what carries out its effects.
 */
export class JobPlay {
  readonly #path: string;
  readonly #clock = new VirtualClock();
  readonly #names = new Names();
  #store!: Store;
  #registry!: JobRegistry;
  #due: JobEffect[] = [];
  #happened: string[] = [];
  #diesAtCommit = false;
  /** What the firewall finds of each site's update, in every round. */
  readonly #finds = new Map<string, QuarantineReason>();

  private constructor(path: string) {
    this.#path = path;
  }

  static async open(folder: string): Promise<JobPlay> {
    const play = new JobPlay(join(folder, 'state.sqlite'));
    await play.#start();
    return play;
  }

  close(): Promise<void> {
    return this.#store.close();
  }

  /** Ends the process and starts it again: all that it knows is what was stored. */
  async restart(): Promise<void> {
    await this.#store.close();
    await this.#start();
  }

  async play(command: string): Promise<string[]> {
    this.#happened = [];
    const { words, settings } = wordsOf(command);
    const [verb = '', ...rest] = words;
    if (verb === 'dies-at-commit') await this.#die({ words: rest, settings });
    else await this.#carryOut(verb, { words: rest, settings });
    const due = verb === 'show' ? [] : this.#due.map(({ kind, round }) => `due: ${kind} ${round}`);
    const said = [...this.#happened, ...due];
    return said.length === 0 ? ['nothing changes'] : said;
  }

  async #die({ words: [verb = '', ...words], settings }: Words): Promise<void> {
    this.#diesAtCommit = true;
    try {
      await this.#carryOut(verb, { words, settings });
      throw new Error(`"${verb}" commits nothing`);
    } catch (error) {
      if (error !== KILLED) throw error;
    }
    this.#diesAtCommit = false;
    this.#happened.push('killed before the commit, and started again');
    await this.restart();
  }

  async #carryOut(verb: string, { words, settings }: Words): Promise<void> {
    const [site = '', outcome = ''] = words;
    const nowMs = this.#clock.nowMs();
    switch (verb) {
      case 'submit':
        return this.#submit(settings);
      case 'gate': {
        const askAgainAtMs = nowMs + ASK_AGAIN_MS;
        const said = { outcome: outcome as GateOutcome, figures: null, askAgainAtMs };
        return this.#send({ kind: 'gate-reported', site, ...said, nowMs });
      }
      case 'lacks':
        return this.#lack(site, outcome as Capability);
      case 'update':
        return this.#accept(site, settings['for']);
      case 'decline': {
        const reason = outcome as Exclude<GateOutcome, 'pass'>;
        const answer = { kind: 'declined', reason, askAgainAtMs: nowMs + ASK_AGAIN_MS } as const;
        return this.#send({ kind: 'site-answered', site, answer, nowMs });
      }
      case 'finds':
        this.#finds.set(site, outcome as QuarantineReason);
        this.#happened.push('of every update of this site from now on');
        return;
      case 'release':
      case 'quarantine':
        return this.#decide(verb, site);
      case 'speak':
        return this.#send({ kind: 'site-spoke', site, anew: outcome === 'anew' });
      case 'enrol':
        return this.#send({ kind: 'site-enrolled', site });
      case 'invite':
        return this.#send({ kind: 'site-invited', site });
      case 'revoke':
        return this.#send({ kind: 'site-revoked', site, nowMs });
      case 'pass':
        return this.#pass(site, listOf(settings['heard']));
      case 'do':
        return this.#perform();
      case 'crash':
        return this.restart();
      case 'show':
        return this.#show();
      default:
        assert(ORDERS.includes(verb as Order), `there is no command ${verb}`);
        return this.#send(eventOfOrder(verb as Order, this.#state, nowMs));
    }
  }

  async #submit({ rounds, deadline, sites, grace, firewall, ...settings }: Words['settings']) {
    const initialModel = sha256('m0');
    this.#names.give(initialModel, 'm0');
    const nowMs = this.#clock.nowMs();
    const { state, facts } = submitJob(
      {
        jobId: JOB,
        rounds: Number(rounds),
        minSites: Number(settings['min-sites']),
        deadlineMs: durationMs(deadline as string),
        ...(grace === undefined ? {} : { graceMs: durationMs(grace) }),
        ...(firewall === undefined
          ? {}
          : { firewall: { ...DEFAULT_FIREWALL, onQuarantine: firewall as OnQuarantine } }),
        invitedSites: listOf(sites),
        laterSites: listOf(settings['later']),
        initialModel,
        ...participationOf(settings),
        ...bufferOf(settings),
      },
      nowMs,
    );
    const job = { name: JOB, jobSha256: sha256(JOB), submittedAtMs: nowMs };
    await this.#registry.add({ ...job, state, facts });
  }

  /** As the coordinator finds when the site asks for its next task. */
  #lack(site: string, capability: Capability): Promise<void> {
    const nowMs = this.#clock.nowMs();
    assert(taskOf(this.#state, site, nowMs) !== null, `${site} would be given a task`);
    return this.#send({ kind: 'site-lacks', site, lacks: [capability], nowMs });
  }

  /** Takes in an update that was checked, with the row that is stored with the answer. */
  #accept(site: string, madeFor: string | undefined): Promise<void> {
    const { activity } = this.#state;
    assert(activity.kind === 'round', 'updates are for rounds');
    const round = Number(madeFor ?? activity.round.number);
    const staleness = activity.round.number - round;
    const name = `${site}/${round}`;
    const statement = sha256(name);
    this.#names.give(statement, name);
    const nowMs = this.#clock.nowMs();
    const update = {
      ...{ statementSha256: statement, jobId: JOB, round, site, counter: round },
      deltaSha256: activity.round.work === 'train' ? sha256(`delta ${name}`) : null,
      ...{ weight: 1, localSteps: null, figures: { dice: null, auc: null } },
      ...{
        keyId: sha256(site),
        acceptedAtMs: nowMs,
        statementEnvelope: '{}',
        receiptEnvelope: '{}',
      },
    };
    const answer = {
      ...({ kind: 'update', statement } as const),
      ...(staleness > 0 && { staleness }),
    };
    return this.#advance({ event: { kind: 'site-answered', site, answer, nowMs }, update });
  }

  /** Whoever is not named was not heard of lately. */
  #pass(duration: string, heard: readonly string[]): Promise<void> {
    this.#clock.leap(durationMs(duration));
    const away = invitedSites(this.#state).filter((site) => !heard.includes(site));
    return this.#send({ kind: 'tick', nowMs: this.#clock.nowMs(), away });
  }

  /** Carries out what is due, as the shell does; what cannot be recorded stays due. */
  async #perform(): Promise<void> {
    const [effect] = this.#due;
    assert(effect !== undefined, 'nothing is due');
    const { round } = effect;
    this.#happened.push(`${effect.kind} ${round}`);
    this.#due = [];
    switch (effect.kind) {
      case 'open-round':
        return this.#send({ kind: 'round-opened', round, nowMs: this.#clock.nowMs() });
      case 'settle-updates':
        return this.#send({ kind: 'updates-settled', round });
      case 'screen':
        return this.#screen(effect);
      case 'aggregate':
        return this.#send({ kind: 'aggregated', round, ...this.#average(effect) });
    }
  }

  #screen({ round, statements }: Extract<JobEffect, { kind: 'screen' }>): Promise<void> {
    const sites = invitedSites(this.#state).filter((site) =>
      statements.includes(sha256(`${site}/${round}`)),
    );
    const verdicts = sites.map((site) => {
      const reason = this.#finds.get(site) ?? null;
      return { site, norm: 1, cosine: 1, reason, flags: [], by: null };
    });
    return this.#send({ kind: 'screened', round, verdicts, nowMs: this.#clock.nowMs() });
  }

  /** The operator's word about the update of a site in the present round. */
  async #decide(order: UpdateOrder, site: string): Promise<void> {
    const { activity } = this.#state;
    assert(activity.kind === 'round' && UPDATE_ORDERS.includes(order), 'words are about rounds');
    const about = { round: activity.round.number, site };
    const event = eventOfUpdateOrder(order, about, this.#state, 'anna', this.#clock.nowMs());
    if (event !== null) await this.#send(event);
  }

  /** A digest that is a function of the set, as an average is. */
  #average({ round, baseModel, statements }: Extract<JobEffect, { kind: 'aggregate' }>) {
    const model = sha256([baseModel, ...statements].join());
    const name = this.#names.give(model, `m${round}`);
    this.#happened.push(
      this.#names.line({ kind: `${name} is stored`, from: baseModel, of: statements }),
    );
    return { model, serverState: null };
  }

  #show(): void {
    const state = this.#state;
    const { status, activity } = state;
    const round = activity.kind === 'round' ? activity.round : undefined;
    const doing = round === undefined ? 'gate' : `round ${round.number} ${round.phase}`;
    this.#happened.push(`${status}: ${doing}`);
    for (const site of invitedSites(state)) {
      const task = taskOf(state, site, this.#clock.nowMs());
      const asked = task === null ? 'asked for nothing' : `asked to ${task.kind}`;
      const leftOut = state.members.get(site)?.leftOut ?? null;
      const told = leftOut === null ? '' : `, told that round ${leftOut.round} left it out`;
      this.#happened.push(`${site}: ${standingOf(state, site)}, ${asked}${told}`);
    }
  }

  get #state() {
    return this.#registry.get(JOB).state;
  }

  #send(event: JobEvent): Promise<void> {
    return this.#advance({ event });
  }

  async #advance(advance: Advance): Promise<void> {
    await this.#registry.advance(JOB, () => advance);
  }

  async #start(): Promise<void> {
    this.#store = await openSqliteStore(this.#path);
    const mortal: Store = {
      ...this.#store,
      record: async (transition) => {
        if (this.#diesAtCommit) throw KILLED;
        await this.#store.record(transition);
      },
    };
    this.#registry = await JobRegistry.load(mortal, this.#clock);
    this.#due = this.#registry.all().flatMap(({ state }) => [...dueEffects(state)]);
    this.#registry.onProgress(({ facts, effects }) => {
      this.#happened.push(...facts.map((fact) => this.#lineOf(fact)));
      this.#due.push(...effects);
    });
  }

  /** Times as a clock shows them that began with the story. */
  #lineOf(fact: { readonly kind: string; readonly deadlineAtMs?: number }): string {
    const { deadlineAtMs, ...rest } = fact;
    if (deadlineAtMs === undefined) return this.#names.line(rest);
    const minutes = Math.round(deadlineAtMs / 60_000);
    const until = `${Math.floor(minutes / 60)}:${String(minutes % 60).padStart(2, '0')}`;
    return this.#names.line({ ...rest, until });
  }
}

function participationOf({ fraction, train }: Words['settings']): Pick<JobPlan, 'participation'> {
  if (fraction !== undefined) {
    return { participation: { kind: 'fraction', fraction: Number(fraction), seed: 1 } };
  }
  return train === undefined ? {} : { participation: { kind: 'named', sites: listOf(train) } };
}

function bufferOf({ buffer, staleness }: Words['settings']): Partial<Pick<JobPlan, 'strategy'>> {
  if (buffer === undefined) return {};
  const terms = { buffer: Number(buffer), maxStaleness: Number(staleness), learningRate: 1 };
  return { strategy: { kind: 'fedbuff', ...terms } };
}
