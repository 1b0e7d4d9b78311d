import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { assert, type Clock, type Sha256, sha256, type Timer } from '@fedvox/base';
import {
  admitStatement,
  admitUpdate,
  invitedSites,
  isMissed,
  isOver,
  type JobEffect,
  type JobEvent,
  type JobFact,
  type JobState,
  lastGain,
  type ModelRow,
  nextTickAtMs,
  planOfJob,
  type ReportedFigures,
  roundTakes,
  step,
  submitJob,
  tabulate,
  taskOf,
} from '@fedvox/coordinator/cores';
import { encodeJob, type Job } from '@fedvox/job';
import {
  CAPABILITIES,
  type Decline,
  type Envelope,
  type GateReport,
  type Heartbeat,
  lackingOf,
  type Signer,
  type Task,
  verifyUpdate,
} from '@fedvox/protocol';
import { decodeWeights, type Weights } from '@fedvox/weights';
import { ASK_AGAIN_MS } from '../scenario/virtual-time.js';
import { CrowdRounds } from './crowd-rounds.js';

/** An open round that has its quorum is looked at so often at most, as by the coordinator's own watch. */
const LOOK_MS = 1_000;

/** Of these no other site has anything to do: what follows from the last of them has a fact of its own. */
const OF_ONE_SITE: ReadonlySet<JobFact['kind']> = new Set(['update-accepted', 'gate-reported']);

export interface CrowdCoordinatorOptions {
  readonly job: Job;
  /** Is there; deltas of the round under way lie in it. */
  readonly folder: string;
  readonly clock: Clock;
  /** Whether nothing was heard of a site lately. */
  readonly isAway: (site: string) => boolean;
  readonly onFact: (fact: JobFact, atMs: number) => void;
  /** There may be work for whoever asks. */
  readonly onChange: () => void;
  /** What its averaging failed by. */
  readonly onFailure: (error: unknown) => void;
}

/**
 * The coordinator's cores with one job in memory: how it decides is production's own, what it keeps is gone with the process, and so it
 * gives no receipts. Calls answer at once; averages are made meanwhile, and time waits for them.
 */
export class CrowdCoordinator {
  /** By the round in which they came. */
  readonly #reports = new Map<number, ReportedFigures[]>();
  readonly #options: CrowdCoordinatorOptions;
  readonly #jobSha256: Sha256;
  readonly #rounds: CrowdRounds;
  readonly #digests: Sha256[] = [];
  #newest!: Weights;
  #modelBytes = 0;
  #submittedAtMs = 0;
  readonly #counters = new Map<string, number>();
  #state!: JobState;
  #ticks: { readonly atMs: number; readonly timer: Timer } | undefined;
  #lookedAtMs = Number.NEGATIVE_INFINITY;
  #underWay: Promise<void> | undefined;

  constructor(options: CrowdCoordinatorOptions) {
    this.#options = options;
    this.#jobSha256 = sha256(encodeJob(options.job));
    this.#rounds = new CrowdRounds(join(options.folder, 'deltas'));
  }

  get state(): JobState {
    return this.#state;
  }

  /** The initial model's, then one of each round that was averaged. */
  get models(): readonly Sha256[] {
    return this.#digests;
  }

  /** Whether something is averaged. */
  get isBusy(): boolean {
    return this.#underWay !== undefined;
  }

  get submittedAtMs(): number {
    return this.#submittedAtMs;
  }

  /** Every model with its figures. */
  table(): readonly ModelRow[] {
    const { maxShare } = this.#state.plan;
    return tabulate(this.#digests, [...this.#reports.values()].flat(), maxShare);
  }

  /** A model with its figures, of those sites that measured it: no other round is looked at. */
  rowOf(round: number): ModelRow {
    const reports = (this.#reports.get(round + 1) ?? []).map((report) => ({ ...report, round: 1 }));
    const model = this.#digests[round] as Sha256;
    const [row] = tabulate([model], reports, this.#state.plan.maxShare);
    return { ...(row as ModelRow), round };
  }

  /** Of the newest model: rounds of a crowd do not overlap, so that nobody trains from another. */
  weightsOf(digest: Sha256): Weights {
    assert(digest === this.#digests.at(-1), 'a round begins with the newest model');
    return this.#newest;
  }

  /** Where the bytes of a model lie. */
  pathOf(digest: Sha256): string {
    return join(this.#options.folder, `${digest}.safetensors`);
  }

  jobOf(task: Task): Job {
    assert(task.jobDigest === this.#jobSha256, 'a crowd has one job');
    return this.#options.job;
  }

  /** Resolves once nothing is averaged any more. */
  async idle(): Promise<void> {
    while (this.#underWay !== undefined) await this.#underWay;
  }

  /** @param invited in order of their names; others may enrol later */
  submit(model: Uint8Array, invited: readonly string[]): string {
    const { job, clock } = this.#options;
    this.#keep(model);
    const jobId = `${job.name}-crowd`;
    const about = { jobId, invitedSites: invited, initialModel: sha256(model) };
    this.#submittedAtMs = clock.nowMs();
    const { state, facts } = submitJob(planOfJob(job, about), this.#submittedAtMs);
    this.#state = state;
    this.#tell(facts);
    return jobId;
  }

  enrolled(site: string): void {
    if (this.#state !== undefined) this.#apply({ kind: 'site-enrolled', site });
  }

  greet(site: string): void {
    if (this.#state === undefined || isOver(this.#state)) return;
    this.#apply({ kind: 'site-spoke', site, anew: true });
  }

  nextTask(site: string): Task | undefined {
    const state = this.#state;
    if (state === undefined) return undefined;
    this.#heard(site);
    const work = taskOf(this.#state, site, this.#options.clock.nowMs());
    if (work === null) return undefined;
    assert(lackingOf(state.plan.needs ?? [], CAPABILITIES).length === 0, 'all know what is needed');
    const leftOut = this.#state.members.get(site)?.leftOut ?? null;
    const told = leftOut === null ? {} : { leftOut };
    return { job: state.plan.jobId, jobDigest: this.#jobSha256, work, ...told };
  }

  heartbeat(site: string, { round }: Pick<Heartbeat, 'round'>): { stillWanted: boolean } {
    this.#heard(site);
    const task = taskOf(this.#state, site, this.#options.clock.nowMs());
    const isTask = task?.kind === 'check-data' ? round === 0 : task?.round === round;
    return { stillWanted: isTask };
  }

  reportGate(site: string, { outcome, figures }: GateReport): void {
    const nowMs = this.#options.clock.nowMs();
    if (taskOf(this.#state, site, nowMs)?.kind !== 'check-data') return;
    const askAgainAtMs = nowMs + ASK_AGAIN_MS;
    this.#apply({ kind: 'gate-reported', site, outcome, figures, askAgainAtMs, nowMs });
  }

  decline(site: string, { round, reason }: Decline): void {
    const nowMs = this.#options.clock.nowMs();
    const { status, activity } = this.#state;
    if (status !== 'running' || activity.kind !== 'round') return;
    if (activity.round.number !== round || !roundTakes(activity.round, site)) return;
    const answer = { kind: 'declined', reason, askAgainAtMs: nowMs + ASK_AGAIN_MS } as const;
    this.#apply({ kind: 'site-answered', site, answer, nowMs });
  }

  /**
   * Takes an update in: its signature, its place in the job and its bytes are checked as the coordinator checks them.
   * @throws FedvoxError a refusal, by name
   */
  async deliver(envelope: Envelope, delta: Uint8Array | null, sender: Signer): Promise<void> {
    const { statement, digest } = verifyUpdate(envelope, sender);
    const { round, site, counter, weight, figures } = statement;
    admitStatement(statement, {
      job: { state: this.#state, jobSha256: this.#jobSha256 },
      isAccepted: this.#rounds.has(digest),
      isRoundAnswered: false,
      lastCounter: this.#counters.get(site) ?? 0,
      deltaByteLength: this.#deltaByteLength(statement.baseModel),
    });
    // Of an earlier round it would have been refused by now.
    const base = this.weightsOf(statement.baseModel);
    const spooled = await this.#rounds.check(statement, delta, base);
    admitUpdate(statement, this.#state);
    this.#rounds.accept(digest, statement, spooled);
    this.#counters.set(site, counter);
    const report = { round, site, weight: weight.value, figures };
    const ofRound = this.#reports.get(round);
    if (ofRound === undefined) this.#reports.set(round, [report]);
    else ofRound.push(report);
    this.#heard(site);
    const answer = { kind: 'update', statement: digest } as const;
    this.#apply({ kind: 'site-answered', site, answer, nowMs: this.#options.clock.nowMs() });
  }

  stop(): void {
    this.#ticks?.timer.cancel();
    this.#rounds.close();
  }

  #heard(site: string): void {
    if (!isOver(this.#state) && isMissed(this.#state, site)) {
      this.#apply({ kind: 'site-spoke', site, anew: false });
    }
  }

  #apply(event: JobEvent): void {
    const { state, facts, effects } = step(this.#state, event);
    if (facts.length === 0) return;
    this.#state = state;
    this.#tell(facts);
    for (const effect of effects) this.#begin(effect);
  }

  #tell(facts: readonly JobFact[]): void {
    const { onFact, onChange, clock } = this.#options;
    for (const fact of facts) onFact(fact, clock.nowMs());
    this.#watch();
    if (facts.some(({ kind }) => !OF_ONE_SITE.has(kind))) onChange();
  }

  /** Looks at the clock again when something may be due. */
  #watch(): void {
    const { clock } = this.#options;
    const nextMs = nextTickAtMs(this.#state);
    const atMs = nextMs === null ? null : Math.max(nextMs, this.#lookedAtMs + LOOK_MS);
    if (atMs === (this.#ticks?.atMs ?? null)) return;
    this.#ticks?.timer.cancel();
    this.#ticks = undefined;
    if (atMs === null) return;
    const timer = clock.after(Math.max(0, atMs - clock.nowMs()), () => this.#tick());
    this.#ticks = { atMs, timer };
  }

  #tick(): void {
    const nowMs = this.#options.clock.nowMs();
    this.#ticks = undefined;
    this.#lookedAtMs = nowMs;
    this.#apply({ kind: 'tick', nowMs, away: this.#away() });
    this.#watch();
  }

  #away(): readonly string[] {
    return invitedSites(this.#state).filter(this.#options.isAway);
  }

  #begin(effect: JobEffect): void {
    const { round } = effect;
    const { clock } = this.#options;
    switch (effect.kind) {
      case 'open-round':
        this.#rounds.open();
        this.#apply({ kind: 'round-opened', round, nowMs: clock.nowMs(), away: this.#away() });
        return;
      case 'settle-updates':
        this.#apply({ kind: 'updates-settled', round });
        return;
      case 'screen':
        this.#meanwhile(() => this.#screened(effect));
        return;
      case 'aggregate':
        this.#meanwhile(() => this.#aggregated(effect));
    }
  }

  #meanwhile(work: () => Promise<JobEvent>): void {
    assert(this.#underWay === undefined, 'a job asks for one thing at a time');
    this.#underWay = work().then(
      (event) => {
        this.#underWay = undefined;
        this.#apply(event);
      },
      (error: unknown) => {
        this.#underWay = undefined;
        this.#options.onFailure(error);
      },
    );
  }

  async #screened(effect: Extract<JobEffect, { kind: 'screen' }>): Promise<JobEvent> {
    const { plan } = this.#state;
    const verdicts = await this.#rounds.screen(plan, effect, this.weightsOf(effect.baseModel));
    const { round } = effect;
    return { kind: 'screened', round, verdicts, nowMs: this.#options.clock.nowMs() };
  }

  async #aggregated(effect: Extract<JobEffect, { kind: 'aggregate' }>): Promise<JobEvent> {
    const { plan } = this.#state;
    const base = this.weightsOf(effect.baseModel);
    const { model, serverState } = await this.#rounds.average(plan, effect, base);
    const digest = this.#keep(model);
    const gain = this.#endOfPatience();
    const { round } = effect;
    return {
      ...{ kind: 'aggregated', round, model: digest, serverState },
      ...(gain !== undefined && { lastGain: gain }),
    };
  }

  #endOfPatience(): number | undefined {
    const { selection, maxShare } = this.#state.plan;
    const { patience, minGain = 0 } = selection ?? {};
    if (patience === undefined) return undefined;
    const { bestBy: metric } = this.#options.job.evaluation;
    const rows = this.table();
    const last = lastGain(rows, { metric, over: selection?.over, maxShare }, minGain);
    return last !== null && last.modelsSince >= patience ? last.round : undefined;
  }

  #deltaByteLength(baseModel: Sha256): number | undefined {
    return this.#digests.includes(baseModel) ? this.#modelBytes : undefined;
  }

  #keep(bytes: Uint8Array): Sha256 {
    const digest = sha256(bytes);
    writeFileSync(this.pathOf(digest), bytes);
    this.#newest = decodeWeights(bytes);
    this.#modelBytes = bytes.byteLength;
    this.#digests.push(digest);
    return digest;
  }
}
