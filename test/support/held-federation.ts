import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  enroll,
  type RunningAgent,
  resolveSiteConfig,
  siteConfigSchema,
  startAgent,
  stateFolder,
  type WorkOrder,
} from '@fedvox/agent';
import { type Clock, type Sha256, seededChance, seededRandom, sha256 } from '@fedvox/base';
import { silentLogger } from '@fedvox/base/system';
import { type HeldCoordinator, type JobFact, openCoordinator } from '@fedvox/coordinator';
import { jobSchema } from '@fedvox/job';
import type { KeyPair } from '@fedvox/pki';
import type { Wire } from '@fedvox/transport';
import { encodeWeights } from '@fedvox/weights';
import { FEDERATION, type SITES, type TestConsortium } from './consortium.js';
import { DigestTrainer } from './digest-trainer.mjs';
import { INITIAL_WEIGHTS, type JobChanges, testConfig, tinyJob } from './federation.js';

export type SiteName = (typeof SITES)[number];

export interface Surroundings {
  readonly wire: Wire;
  readonly clock: Clock;
  /** Called before each piece of a site's work; may wait. */
  readonly before?: (site: SiteName, work: WorkOrder['work'], signal: AbortSignal) => Promise<void>;
}

/** A real coordinator and real agents of three sites, whose trainers compute from digests, in one process. */
export class HeldFederation {
  readonly facts: JobFact[] = [];
  readonly #root: string;
  readonly #consortium: TestConsortium;
  readonly #surroundings: Surroundings;
  readonly #coordinator: HeldCoordinator;
  readonly #agents: RunningAgent[] = [];

  private constructor(
    root: string,
    consortium: TestConsortium,
    surroundings: Surroundings,
    coordinator: HeldCoordinator,
  ) {
    this.#root = root;
    this.#consortium = consortium;
    this.#surroundings = surroundings;
    this.#coordinator = coordinator;
    coordinator.services.registry.onProgress(({ facts }) => this.facts.push(...facts));
  }

  static async open(
    consortium: TestConsortium,
    surroundings: Surroundings,
  ): Promise<HeldFederation> {
    const root = await mkdtemp(join(tmpdir(), 'fedvox-held-'));
    const { wire, clock } = surroundings;
    // As rare as in a hospital: each heartbeat is written down, and synced, by whoever sends it.
    const pace = { heartbeatIntervalMs: 30_000, askAgainMs: 60_000 };
    const config = { ...testConfig(consortium, join(root, 'coordinator')), ...pace };
    const coordinator = await openCoordinator(config, {
      wire,
      clock,
      chance: seededChance(seededRandom('coordinator')),
      log: silentLogger(),
    });
    return new HeldFederation(root, consortium, surroundings, coordinator);
  }

  /** Enrols a site and starts its agent. */
  async join(site: SiteName): Promise<void> {
    const { wire, clock, before } = this.#surroundings;
    const config = resolveSiteConfig(
      siteConfigSchema.parse({
        site,
        stateDir: join(this.#root, site),
        data: { kind: 'msd', path: 'none' },
        engine: 'cpu',
      }),
      join(this.#root, `${site}.yaml`),
    );
    await this.#leaveKey(site, stateFolder(config.stateDir).credentials);
    await enroll(config, await this.#invite(site), clock, wire);
    const agent = await startAgent(config, {
      wire,
      clock,
      chance: seededChance(seededRandom(site)),
      log: silentLogger(),
      trainer: new DigestTrainer(site, (work, signal) =>
        before === undefined ? Promise.resolve() : before(site, work, signal),
      ),
    });
    this.#agents.push(agent);
  }

  async submit(changes: JobChanges): Promise<void> {
    const { blobs, submissions } = this.#coordinator.services;
    const bytes = encodeWeights(INITIAL_WEIGHTS);
    await blobs.put(sha256(bytes), [bytes], bytes.byteLength);
    await submissions.submit(jobSchema.parse(tinyJob(changes)), sha256(bytes));
  }

  /** The models that rounds made, once the job has ended well. */
  async completed(): Promise<readonly Sha256[]> {
    const { registry } = this.#coordinator.services;
    await new Promise<void>((resolve, reject) =>
      registry.onProgress(({ facts }) => {
        for (const { kind } of facts) {
          if (kind === 'job-completed') resolve();
          if (kind === 'job-failed') reject(new Error('the job failed'));
        }
      }),
    );
    return this.facts.flatMap((fact) =>
      fact.kind === 'round-committed' && fact.work === 'train' ? [fact.model] : [],
    );
  }

  async stop(): Promise<void> {
    await Promise.all(this.#agents.map((agent) => agent.stop()));
    await this.#coordinator.stop();
    await rm(this.#root, { recursive: true });
  }

  /** As an enrolment that was cut off would have left it: RSA keys take half a second each. */
  async #leaveKey(site: SiteName, folder: string): Promise<void> {
    const { privateKeyPem } = this.#consortium.siteKeys.get(site) as KeyPair;
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, 'pending.key'), privateKeyPem, { mode: 0o600 });
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
