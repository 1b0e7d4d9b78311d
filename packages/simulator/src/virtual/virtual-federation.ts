import { mkdir } from 'node:fs/promises';
import {
  enroll,
  type RunningAgent,
  resolveSiteConfig,
  type SiteConfig,
  siteConfigSchema,
  startAgent,
  stateFolder,
} from '@fedvox/agent';
import {
  type Clock,
  type Sha256,
  seededChance,
  seededRandom,
  sha256,
  VirtualClock,
} from '@fedvox/base';
import type { Logger } from '@fedvox/base/system';
import {
  type CoordinatorEvent,
  coordinatorConfigSchema,
  type HeldCoordinator,
  type JobDetails,
  type JobFact,
  openCoordinator,
} from '@fedvox/coordinator';
import { jobEvents } from '@fedvox/coordinator/client';
import { type DatasetSpec, ReaderThread } from '@fedvox/imaging';
import { PreparationThreads } from '@fedvox/learning';
import { type Invitation, initConsortium } from '@fedvox/pki';
import { InProcessNetwork } from '@fedvox/transport';
import { type RunFolders, runFolders } from '../federation/folders.js';
import { latenessMs, poisonOf } from '../scenario/events.js';
import type { Plan, PlannedSite } from '../scenario/plan.js';
import { ASK_AGAIN_MS, BEGINNING_MS, HEARTBEAT_INTERVAL_MS } from '../scenario/virtual-time.js';
import { surrogateTrainer } from '../surrogate/surrogate-work.js';
import { EngineTurns } from './engine-turns.js';
import { isKill, killAgent } from './kill-agent.js';
import { siteEyes } from './site-eyes.js';
import type { SiteLine } from './site-line.js';
import { SiteLines } from './site-lines.js';
import { Stillness } from './stillness.js';
import { TurnTrainer } from './turn-trainer.js';

const HOST = 'localhost';
const FACTS_AT_ONCE = 500;

export interface VirtualFederationOptions {
  readonly plan: Plan;
  /** New or empty; everything of the federation is written below it. */
  readonly folder: string;
  /** Where each site's scans lie. */
  readonly data: ReadonlyMap<string, DatasetSpec>;
  /** Prepared cases, for all sites and runs. */
  readonly cacheDir: string;
  /** The machine's, by which training is timed. */
  readonly wallClock: Clock;
  readonly log: Logger;
  readonly signal: AbortSignal;
}

/** What happened, and when on virtual time. */
export type FactListener = (fact: JobFact, atMs: number) => void;

/** A coordinator and its sites in this process: theirs are the programs, the virtual clock's the time. */
export class VirtualFederation {
  readonly folders: RunFolders;
  readonly clock: VirtualClock;
  readonly #options: VirtualFederationOptions;
  readonly #network = new InProcessNetwork();
  readonly #turns = new EngineTurns();
  readonly #stillness = new Stillness();
  readonly #reader: ReaderThread;
  readonly #preparer: PreparationThreads;
  readonly #agents = new Map<string, RunningAgent>();
  readonly #lines: SiteLines;
  /** Of the agents that run. */
  readonly #lineOf = new Map<string, SiteLine>();
  readonly #invitations = new Map<string, Invitation>();
  readonly #listeners: FactListener[] = [];
  #coordinator!: HeldCoordinator;
  #isStopping = false;
  #fail!: (error: unknown) => void;
  /** Rejects as soon as an agent ends that nobody asked to. */
  readonly failed: Promise<never> = new Promise((_, reject) => {
    this.#fail = reject;
  });

  private constructor(options: VirtualFederationOptions) {
    this.#options = options;
    this.folders = runFolders(options.folder);
    this.#reader = new ReaderThread(options.wallClock);
    this.#preparer = new PreparationThreads(options.wallClock);
    this.clock = new VirtualClock({ startMs: BEGINNING_MS, settle: () => this.#settle() });
    this.#lines = new SiteLines(this.#network, this.clock, options.plan.events);
  }

  /** Founds the consortium, opens its coordinator and invites every site; none has joined yet. */
  static async found(options: VirtualFederationOptions): Promise<VirtualFederation> {
    const federation = new VirtualFederation(options);
    await federation.#open();
    return federation;
  }

  onFact(listener: FactListener): void {
    this.#listeners.push(listener);
  }

  /** Enrols a site and starts its agent. */
  async join(name: string): Promise<void> {
    const config = this.#configOf(this.#site(name));
    await mkdir(stateFolder(config.stateDir).credentials, { recursive: true });
    const invitation = this.#invitations.get(name) as Invitation;
    // A thread of Node's own makes the key.
    await this.#stillness.during(enroll(config, invitation, this.clock, this.#network));
    await this.comeBack(name);
  }

  /** Starts the agent of a site that is enrolled. */
  async comeBack(name: string): Promise<void> {
    const site = this.#site(name);
    const line = this.#lines.open(name);
    this.#lineOf.set(name, line);
    const agent = await startAgent(this.#configOf(site), {
      wire: line,
      clock: this.clock,
      chance: this.#chance(name),
      log: this.#options.log,
      trainer: this.#trainerOf(site),
    });
    this.#agents.set(name, agent);
    agent.done.catch((error: unknown) => {
      if (!isKill(error)) this.#fail(error);
    });
  }

  /** Stops the site's agent, whatever it is at. */
  async leave(name: string): Promise<void> {
    const agent = this.#agents.get(name);
    this.#agents.delete(name);
    await agent?.stop();
  }

  /** Kills the site's agent; nothing happens where it does not run. */
  async kill(name: string): Promise<void> {
    const agent = this.#agents.get(name);
    if (agent === undefined) return;
    this.#agents.delete(name);
    const stateDir = this.folders.site(name).state;
    const line = this.#lineOf.get(name) as SiteLine;
    await killAgent({ site: name, agent, line, stateDir });
  }

  /** @returns the job's id */
  async submit(model: Uint8Array): Promise<string> {
    const { blobs, submissions } = this.#coordinator.services;
    await blobs.put(sha256(model), [model], model.byteLength);
    return (await submissions.submit(this.#options.plan.job, sha256(model))).jobId;
  }

  details(id: string): Promise<JobDetails> {
    return this.#coordinator.details(id);
  }

  /** What has happened to a job so far, in its order. */
  events(id: string): Promise<CoordinatorEvent[]> {
    const { store } = this.#coordinator.services;
    const events = async (after: number) => [...(await store.facts(after, FACTS_AT_ONCE, id))];
    return jobEvents({ events }, id);
  }

  /** Where the bytes of a model lie. */
  pathOf(digest: Sha256): Promise<string> {
    return this.#coordinator.services.blobs.path(digest);
  }

  async stop(): Promise<void> {
    this.#isStopping = true;
    try {
      const agents = [...this.#agents.values()];
      this.#agents.clear();
      await this.clock.passUntil(Promise.all(agents.map((agent) => agent.stop())));
      await this.clock.passUntil(this.#coordinator.stop());
    } finally {
      await Promise.all([this.#reader.close(), this.#preparer.close()]);
    }
  }

  /** Time stands still while the engine computes and while anything is on its way to a disk. */
  async #settle(): Promise<void> {
    if (!this.#isStopping) this.#options.signal.throwIfAborted();
    do {
      await this.#turns.idle();
      await this.#stillness.settle();
    } while (this.#turns.isTaken);
  }

  async #open(): Promise<void> {
    const { plan, log } = this.#options;
    const { federation } = plan;
    const { consortium: consortiumDir, coordinatorState: stateDir } = this.folders;
    const hosts = [HOST];
    await initConsortium({ folder: consortiumDir, federation, hosts, nowMs: BEGINNING_MS });
    const config = coordinatorConfigSchema.parse({
      ...{ federation, stateDir, consortiumDir, publicHost: HOST },
      listen: { host: HOST, federationPort: 0, enrollmentPort: 0, httpPort: 0 },
      ...{ heartbeatIntervalMs: HEARTBEAT_INTERVAL_MS, askAgainMs: ASK_AGAIN_MS },
    });
    this.#coordinator = await openCoordinator(config, {
      wire: this.#network,
      clock: this.clock,
      chance: this.#chance('coordinator'),
      log,
      openStore: this.#stillness.openStore,
      computeThreads: 0,
    });
    this.#coordinator.services.registry.onProgress(({ facts, atMs }) => {
      for (const fact of facts) {
        if (fact.kind === 'round-opened') this.#lines.round = fact.round;
        for (const listener of this.#listeners) listener(fact, atMs);
      }
    });
    for (const { name } of plan.sites) this.#invitations.set(name, await this.#invite(name));
  }

  #trainerOf({ name, pace }: PlannedSite): TurnTrainer {
    const { plan, wallClock, cacheDir, data, log, signal } = this.#options;
    const { engine, device, precision, threads, events } = plan;
    const { splits: splitsDir, headerIndex } = stateFolder(this.folders.site(name).state);
    const dataset = data.get(name) as DatasetSpec;
    return new TurnTrainer({
      setup: {
        ...{ site: name, dataset, splitsDir, headerIndex },
        ...{ engine, device, precision, threads, logLevel: 'warn' },
      },
      workplace: { preparer: this.#preparer, clock: wallClock, log, signal },
      eyesOf: (round) => siteEyes(plan, name, round, { reader: this.#reader, cacheDir }),
      surrogate: plan.surrogate && surrogateTrainer(plan.surrogate, name, plan.job),
      turns: this.#turns,
      clock: this.clock,
      pace,
      latenessMs: (round) => latenessMs(events, name, round),
      poison: (round) => poisonOf(events, name, round),
    });
  }

  #configOf({ name, policy }: PlannedSite): SiteConfig {
    const { state: stateDir, data: folder, config } = this.folders.site(name);
    const { engine, device, precision, threads } = this.#options.plan;
    // A surrogate reads nothing: its folder is named and never opened.
    const data = this.#options.data.get(name) ?? { kind: 'dicom' as const, path: folder };
    const written = { site: name, stateDir, data, engine, device, precision, threads, policy };
    return resolveSiteConfig(siteConfigSchema.parse(written), config);
  }

  async #invite(site: string): Promise<Invitation> {
    const { services } = this.#coordinator;
    const { federation, enrollmentAddress, federationAddress, caCertificatePem } = services;
    const { token, expiresAtMs } = await services.sites.invite(site, false);
    return {
      kind: 'fedvox/invitation/v1',
      ...{ federation, site, enrollmentAddress, federationAddress, caCertificatePem, token },
      expiresAt: new Date(expiresAtMs).toISOString(),
    };
  }

  #site(name: string): PlannedSite {
    return this.#options.plan.sites.find((site) => site.name === name) as PlannedSite;
  }

  #chance(whose: string) {
    return seededChance(seededRandom(`${this.#options.plan.job.seed}/${whose}`));
  }
}
