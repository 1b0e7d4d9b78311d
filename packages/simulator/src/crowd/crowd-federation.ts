import { mkdir, rm } from 'node:fs/promises';
import { type SitePolicy, sitePolicySchema } from '@fedvox/agent';
import {
  assert,
  nextTurn,
  type Sha256,
  seededChance,
  seededRandom,
  VirtualClock,
} from '@fedvox/base';
import type { JobDetails, JobFact } from '@fedvox/coordinator';
import { isPattern, matchesName } from '@fedvox/job';
import { fail } from '../errors.js';
import { type RunFolders, runFolders } from '../federation/folders.js';
import type { Plan, PlannedSite } from '../scenario/plan.js';
import { BEGINNING_MS, HEARTBEAT_INTERVAL_MS } from '../scenario/virtual-time.js';
import { CrowdAgent, type CrowdMemory, newCrowdMemory } from './crowd-agent.js';
import { CrowdCoordinator } from './crowd-coordinator.js';
import { crowdDetails } from './crowd-details.js';
import { CrowdEgress } from './crowd-egress.js';
import { CrowdWorker, checkCrowdPlan } from './crowd-worker.js';

/** Of a site of which nothing was heard for so long no round waits. */
const AWAY_AFTER_MS = 5 * 60_000;

export interface CrowdFederationOptions {
  readonly plan: Plan;
  /** New or empty. */
  readonly folder: string;
  readonly signal: AbortSignal;
}

interface Member {
  readonly memory: CrowdMemory;
  readonly policy: SitePolicy;
  readonly worker: CrowdWorker;
  readonly egress: CrowdEgress;
  agent?: CrowdAgent | undefined;
  leftAtMs: number;
}

/**
 * A coordinator and any number of sites as their cores alone: the machines, the strategies, the firewall and the signatures are
 * production's; disks, databases, certificates and wires are not there.
 */
export class CrowdFederation {
  readonly folders: RunFolders;
  readonly clock: VirtualClock;
  readonly #options: CrowdFederationOptions;
  readonly #members = new Map<string, Member>();
  readonly #listeners: ((fact: JobFact, atMs: number) => void)[] = [];
  readonly #coordinator: CrowdCoordinator;
  readonly #settled: JobDetails['rounds'] = [];
  #underWay = 0;
  #isStopping = false;
  #fail!: (error: unknown) => void;
  /** Rejects as soon as something fails that nothing in the plan asked to. */
  readonly failed: Promise<never> = new Promise((_, reject) => {
    this.#fail = reject;
  });

  private constructor(options: CrowdFederationOptions) {
    const { plan } = options;
    this.#options = options;
    this.folders = runFolders(options.folder);
    this.clock = new VirtualClock({ startMs: BEGINNING_MS, settle: () => this.#settle() });
    this.#coordinator = new CrowdCoordinator({
      job: plan.job,
      folder: this.folders.coordinatorState,
      clock: this.clock,
      isAway: (site) => this.#isAway(site),
      onFact: (fact, atMs) => {
        for (const listener of this.#listeners) listener(fact, atMs);
      },
      onChange: () => {
        for (const { agent } of this.#members.values()) agent?.wake();
      },
      onFailure: (error) => this.#fail(error),
    });
  }

  /** @throws FedvoxError `simulator/crowd-lacks` */
  static async found(options: CrowdFederationOptions): Promise<CrowdFederation> {
    checkCrowdPlan(options.plan);
    await mkdir(runFolders(options.folder).coordinatorState, { recursive: true });
    return new CrowdFederation(options);
  }

  onFact(listener: (fact: JobFact, atMs: number) => void): void {
    this.#listeners.push(listener);
  }

  async join(name: string): Promise<void> {
    const { plan } = this.#options;
    const site = plan.sites.find((each) => each.name === name) as PlannedSite;
    this.#members.set(name, {
      memory: newCrowdMemory(plan.federation, name),
      policy: sitePolicySchema.parse(site.policy),
      worker: new CrowdWorker(plan, site, this.#coordinator),
      egress: new CrowdEgress(),
      leftAtMs: BEGINNING_MS,
    });
    this.#coordinator.enrolled(name);
    await this.comeBack(name);
  }

  async comeBack(name: string): Promise<void> {
    const { plan } = this.#options;
    const member = this.#member(name);
    const { memory, policy, worker, egress } = member;
    const jitter = seededChance(seededRandom(`${plan.job.seed}/${name}`)).uniform;
    member.agent = new CrowdAgent({
      ...{ site: name, federation: plan.federation, policy, memory, egress, jitter },
      clock: this.clock,
      coordinator: this.#coordinator,
      heartbeatIntervalMs: HEARTBEAT_INTERVAL_MS,
      work: (job, task) => worker.begin(job, task),
      during: (work) => this.#during(work),
      onFailure: this.#fail,
    });
    member.agent.start();
  }

  async leave(name: string): Promise<void> {
    const member = this.#member(name);
    member.agent?.stop();
    member.agent = undefined;
    member.leftAtMs = this.clock.nowMs();
  }

  /** What an agent of a crowd keeps lies in memory that outlives it: no end is harder than another. */
  kill(name: string): Promise<void> {
    return this.leave(name);
  }

  async submit(model: Uint8Array): Promise<string> {
    const { sites: meant = ['*'] } = this.#options.plan.job.federation;
    const named = new Set(meant);
    const patterns = meant.filter(isPattern);
    const isMeant = (site: string) =>
      named.has(site) || patterns.some((pattern) => matchesName(pattern, site));
    const invited = [...this.#members.keys()].filter(isMeant).sort();
    return this.#coordinator.submit(model, invited);
  }

  async details(id: string): Promise<JobDetails> {
    assert(id === this.#coordinator.state.plan.jobId, 'a crowd has one job');
    return crowdDetails(this.#options.plan.job, this.#coordinator, this.#settled);
  }

  async pathOf(digest: Sha256): Promise<string> {
    return this.#coordinator.pathOf(digest);
  }

  /** Bytes that left a site, by kind; nothing of a site that never joined. */
  egressOf(name: string): Readonly<Record<string, number>> {
    return this.#members.get(name)?.egress.byKind() ?? {};
  }

  async stop(): Promise<void> {
    if (this.#isStopping) return;
    this.#isStopping = true;
    for (const { agent } of this.#members.values()) agent?.stop();
    await this.#settle();
    this.#coordinator.stop();
    await rm(this.folders.coordinatorState, { recursive: true, force: true });
  }

  #member(name: string): Member {
    const member = this.#members.get(name);
    if (member === undefined)
      throw fail('crowd-lacks', { what: `site ${name} before it has joined` });
    return member;
  }

  #isAway(name: string): boolean {
    const member = this.#members.get(name);
    if (member?.agent !== undefined) return false;
    return this.clock.nowMs() - (member?.leftAtMs ?? BEGINNING_MS) >= AWAY_AFTER_MS;
  }

  async #during<Result>(work: Promise<Result>): Promise<Result> {
    this.#underWay += 1;
    try {
      return await work;
    } finally {
      this.#underWay -= 1;
    }
  }

  /** Only promises move here: a turn of the event loop after the last is rest. */
  async #settle(): Promise<void> {
    if (!this.#isStopping) this.#options.signal.throwIfAborted();
    do {
      await this.#coordinator.idle();
      await nextTurn();
    } while (this.#underWay > 0 || this.#coordinator.isBusy);
  }
}
