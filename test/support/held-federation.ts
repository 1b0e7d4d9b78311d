import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type AgentOptions,
  enroll,
  type RunningAgent,
  resolveSiteConfig,
  type SitePolicy,
  siteConfigSchema,
  startAgent,
  stateFolder,
  type WorkOrder,
} from '@fedvox/agent';
import { type Clock, type Sha256, seededChance, seededRandom, sha256 } from '@fedvox/base';
import { type Logger, silentLogger } from '@fedvox/base/system';
import {
  type CoordinatorConfig,
  type HeldCoordinator,
  type JobFact,
  openCoordinator,
} from '@fedvox/coordinator';
import { jobSchema } from '@fedvox/job';
import type { KeyPair } from '@fedvox/pki';
import type { Stillness } from '@fedvox/simulator';
import type { Wire } from '@fedvox/transport';
import { encodeWeights } from '@fedvox/weights';
import { FEDERATION, type SITES, type TestConsortium } from './consortium.js';
import { DigestTrainer } from './digest-trainer.mjs';
import { INITIAL_WEIGHTS, type JobChanges, testConfig, tinyJob } from './federation.js';

export type SiteName = (typeof SITES)[number];

export interface Surroundings {
  readonly wire: Wire;
  readonly clock: Clock;
  /** What a virtual clock waits for; it counts the coordinator's calls to its database. */
  readonly stillness?: Stillness;
  /** Called before each piece of a site's work; may wait. */
  readonly before?: (site: SiteName, work: WorkOrder['work'], signal: AbortSignal) => Promise<void>;
  /** Instead of a trainer that computes from digests. */
  readonly trainerOf?: (site: SiteName) => NonNullable<AgentOptions['trainer']>;
  /** Instead of the wire, for one agent that starts. */
  readonly lineOf?: (site: SiteName) => Pick<Wire, 'dial'>;
  /** Of each site, beside a cohort of two. */
  readonly policyOf?: (site: SiteName) => Partial<SitePolicy>;
  /** What agents log; nowhere where absent. */
  readonly logOf?: (site: SiteName) => Logger;
}

const ENDS: readonly JobFact['kind'][] = ['job-completed', 'job-failed'];

/** What happened to one of the jobs. */
export interface JobMoment {
  readonly job: string;
  readonly fact: JobFact;
  readonly atMs: number;
}

/** A real coordinator and real agents of three sites, whose trainers compute from digests, in one process. */
export class HeldFederation {
  readonly moments: JobMoment[] = [];
  readonly #root: string;
  readonly #consortium: TestConsortium;
  readonly #surroundings: Surroundings;
  readonly #config: CoordinatorConfig;
  readonly #agents = new Map<SiteName, RunningAgent>();
  readonly #listeners: ((moment: JobMoment) => void)[] = [];
  #coordinator: HeldCoordinator;

  private constructor(
    root: string,
    consortium: TestConsortium,
    surroundings: Surroundings,
    config: CoordinatorConfig,
    coordinator: HeldCoordinator,
  ) {
    this.#root = root;
    this.#consortium = consortium;
    this.#surroundings = surroundings;
    this.#coordinator = coordinator;
    const { federationPort, enrollmentPort } = coordinator;
    this.#config = { ...config, listen: { ...config.listen, federationPort, enrollmentPort } };
    this.#watch();
  }

  /** What happened to all jobs, in the order in which it happened. */
  get facts(): readonly JobFact[] {
    return this.moments.map(({ fact }) => fact);
  }

  get services(): HeldCoordinator['services'] {
    return this.#coordinator.services;
  }

  static async open(
    consortium: TestConsortium,
    surroundings: Surroundings,
  ): Promise<HeldFederation> {
    const root = await mkdtemp(join(tmpdir(), 'fedvox-held-'));
    // As rare as in a hospital: each heartbeat is written down, and synced, by whoever sends it.
    const pace = { heartbeatIntervalMs: 30_000, askAgainMs: 60_000 };
    const config = { ...testConfig(consortium, join(root, 'coordinator')), ...pace };
    const coordinator = await openOn(config, surroundings);
    return new HeldFederation(root, consortium, surroundings, config, coordinator);
  }

  /** Ends the coordinator and starts it again on its state; its agents dial again. */
  async restartCoordinator(): Promise<void> {
    await this.#coordinator.stop();
    this.#coordinator = await openOn(this.#config, this.#surroundings);
    this.#watch();
  }

  /** Enrols a site and starts its agent. */
  async join(site: SiteName): Promise<void> {
    const { wire, clock } = this.#surroundings;
    const config = this.#configOf(site, this.stateDirOf(site));
    await this.#leaveKey(site, stateFolder(config.stateDir).credentials);
    await enroll(config, await this.#invite(site), clock, wire);
    await this.comeBack(site);
  }

  stateDirOf(site: SiteName): string {
    return join(this.#root, site);
  }

  /** Starts the agent of a site that is enrolled. */
  async comeBack(site: SiteName): Promise<void> {
    this.#agents.set(site, await this.startAgentOf(site, this.stateDirOf(site)));
  }

  /** Stops the site's agent, whatever it is at. */
  async leave(site: SiteName): Promise<void> {
    await this.take(site)?.stop();
  }

  agentOf(site: SiteName): RunningAgent | undefined {
    return this.#agents.get(site);
  }

  /** The site's agent, which is somebody else's to end from now on. */
  take(site: SiteName): RunningAgent | undefined {
    const agent = this.#agents.get(site);
    this.#agents.delete(site);
    return agent;
  }

  /** An agent on any state folder of the site; whoever asks for it stops it. */
  startAgentOf(site: SiteName, stateDir: string): Promise<RunningAgent> {
    const { wire, clock, trainerOf = this.#digestTrainer } = this.#surroundings;
    const { logOf = silentLogger, lineOf = () => wire } = this.#surroundings;
    return startAgent(this.#configOf(site, stateDir), {
      wire: lineOf(site),
      clock,
      chance: seededChance(seededRandom(site)),
      log: logOf(site),
      trainer: trainerOf(site),
    });
  }

  readonly #digestTrainer = (site: SiteName) => {
    const { before } = this.#surroundings;
    return new DigestTrainer(site, (work, signal) =>
      before === undefined ? Promise.resolve() : before(site, work, signal),
    );
  };

  /** The job's id. */
  async submit(changes: JobChanges): Promise<string> {
    const { blobs, submissions } = this.#coordinator.services;
    const bytes = encodeWeights(INITIAL_WEIGHTS);
    await blobs.put(sha256(bytes), [bytes], bytes.byteLength);
    const job = jobSchema.parse(tinyJob(changes));
    return (await submissions.submit(job, sha256(bytes))).jobId;
  }

  /** The first thing from now on that is as wanted. */
  next(isWanted: (moment: JobMoment) => boolean): Promise<JobMoment> {
    return new Promise((resolve) => {
      this.#listeners.push((moment) => {
        if (isWanted(moment)) resolve(moment);
      });
    });
  }

  onMoment(listener: (moment: JobMoment) => void): void {
    this.#listeners.push(listener);
  }

  /** The models that rounds made, once a job has ended, from now on, and well. */
  async completed(): Promise<readonly Sha256[]> {
    const { fact } = await this.next(({ fact: { kind } }) => ENDS.includes(kind));
    if (fact.kind === 'job-failed') throw new Error(`the job failed: ${fact.reason}`);
    return this.facts.flatMap((fact) =>
      fact.kind === 'round-committed' && fact.work === 'train' ? [fact.model] : [],
    );
  }

  async stop(): Promise<void> {
    await this.stopAgents();
    await this.#coordinator.stop();
    await rm(this.#root, { recursive: true });
  }

  /** What they left can be looked at then. */
  async stopAgents(): Promise<void> {
    const agents = [...this.#agents.values()];
    this.#agents.clear();
    await Promise.all(agents.map((agent) => agent.stop()));
  }

  #watch(): void {
    this.#coordinator.services.registry.onProgress(({ job, facts, atMs }) => {
      for (const fact of facts) {
        const moment = { job: job.state.plan.jobId, fact, atMs };
        this.moments.push(moment);
        for (const listener of this.#listeners) listener(moment);
      }
    });
  }

  /** As an enrolment that was cut off would have left it: RSA keys take half a second each. */
  async #leaveKey(site: SiteName, folder: string): Promise<void> {
    const { privateKeyPem } = this.#consortium.siteKeys.get(site) as KeyPair;
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, 'pending.key'), privateKeyPem, { mode: 0o600 });
  }

  #configOf(site: SiteName, stateDir: string) {
    const { policyOf = () => ({}) } = this.#surroundings;
    const written = { site, stateDir, data: { kind: 'msd', path: 'none' }, engine: 'cpu' };
    const policy = { minCohort: 2, ...policyOf(site) };
    return resolveSiteConfig(siteConfigSchema.parse({ ...written, policy }), `${stateDir}.yaml`);
  }

  async #invite(site: SiteName) {
    const { services } = this.#coordinator;
    const { enrollmentAddress, federationAddress, caCertificatePem } = services;
    const { token, expiresAtMs } = await services.sites.invite(site, false);
    return {
      kind: 'fedvox/invitation/v1' as const,
      federation: FEDERATION,
      site,
      enrollmentAddress,
      federationAddress,
      caCertificatePem,
      token,
      expiresAt: new Date(expiresAtMs).toISOString(),
    };
  }
}

function openOn(config: CoordinatorConfig, { wire, clock, stillness }: Surroundings) {
  return openCoordinator(config, {
    wire,
    clock,
    ...(stillness && { openStore: stillness.openStore, computeThreads: 0 }),
    chance: seededChance(seededRandom('coordinator')),
    log: silentLogger(),
  });
}
