import { cp, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import {
  enroll,
  type Pace,
  resolveSiteConfig,
  type SiteConfigInput,
  siteConfigSchema,
  startAgent,
  stateFolder,
  type WorkOrder,
} from '@fedvox/agent';
import type { Clock } from '@fedvox/base';
import { silentLogger, systemChance, systemClock } from '@fedvox/base/system';
import {
  type JobDetails,
  openConfiguredStore,
  type Store,
  startCoordinator,
} from '@fedvox/coordinator';
import type { CoordinatorClient } from '@fedvox/coordinator/client';
import type { KeyPair } from '@fedvox/pki';
import type { Weights } from '@fedvox/weights';
import { FEDERATION, SITES, type TestConsortium } from './consortium.js';
import { reservePorts } from './coordinator-process.js';
import { DigestTrainer } from './digest-trainer.mjs';
import {
  INITIAL_WEIGHTS,
  type JobChanges,
  operatorOf,
  type Ports,
  submitTinyJob,
  testConfig,
} from './federation.js';

/** One of the federation's four programs. */
export type Party = 'coordinator' | (typeof SITES)[number];
export const PARTIES: readonly Party[] = ['coordinator', ...SITES];

/** Everything that must be the same whatever the federation went through. */
export interface Outcome {
  readonly status: JobDetails['status'];
  /** Digests of each round's model and of what its strategy keeps; and how many updates it took. */
  readonly rounds: readonly (readonly [
    model: string | null,
    state: string | null,
    updates: number,
  ])[];
  /** How many receipts each site holds, and how many answers it still has to deliver. */
  readonly sites: readonly (readonly [receipts: number, undelivered: number])[];
}

/** What a federation goes through in which nobody dies. */
export interface Hardship {
  /** The coordinator's. */
  readonly clock?: Clock;
  /** What is done to the copy of all state before anything starts. */
  readonly prepare?: (folder: string) => Promise<void>;
  /** Before each piece of a site's work; may wait. */
  readonly beforeWork?: (work: WorkOrder['work'], site: Party) => Promise<void>;
  readonly meanwhile?: (folder: string, operator: CoordinatorClient) => Promise<void>;
  /** What must be undone, whatever came of it. */
  readonly cleanUp?: () => void;
}

const PACE: Pace = { firstRedialMs: 5, maxRedialMs: 50, abstainMs: 30, minIdleMs: 1 };

/**
 * A federation of three sites with a job that was just submitted, as it lies on the disk: each run takes a
 * copy of it to its end.
 */
export class Ground {
  private constructor(
    readonly folder: string,
    readonly job: string,
    readonly consortium: TestConsortium,
  ) {}

  /** A job of all sites in every round. */
  static async lay(
    consortium: TestConsortium,
    terms: JobChanges,
    weights: Weights = INITIAL_WEIGHTS,
  ): Promise<Ground> {
    const folder = await mkdtemp(join(tmpdir(), 'fedvox-ground-'));
    const config = testConfig(consortium, join(folder, 'coordinator'));
    const coordinator = await startCoordinator(config, { log: silentLogger() });
    const operator = operatorOf(consortium, coordinator.httpPort);
    for (const site of SITES) await admit(consortium, operator, folder, site);
    // Times are absolute: they must not be over while a sweep is at it.
    const all = { minSites: SITES.length, deadline: '7d', gate: '7d', ...terms };
    const job = await submitTinyJob(operator, folder, all, weights);
    operator.close();
    await coordinator.stop();
    return new Ground(folder, job, consortium);
  }

  /** A copy of all state, which whoever asks for it removes. */
  async copy(): Promise<string> {
    const folder = await mkdtemp(join(tmpdir(), 'fedvox-ground-run-'));
    await cp(this.folder, folder, { recursive: true });
    return folder;
  }

  /** All in this process; a job that fails is resumed, as its operator would. */
  async suffer(hardship: Hardship): Promise<Outcome> {
    const folder = await this.copy();
    const ports = await reservePorts();
    const stops: (() => Promise<unknown>)[] = [];
    try {
      await hardship.prepare?.(folder);
      for (const each of PARTIES) stops.push(await this.start(each, folder, ports, hardship));
      const operator = operatorOf(this.consortium, ports.httpPort);
      stops.push(async () => operator.close());
      await Promise.all([
        hardship.meanwhile?.(folder, operator),
        this.untilEnded(operator, folder, () => operator.resumeJob(this.job)),
      ]);
      await Promise.all(stops.splice(0).map((stop) => stop()));
      return await this.outcome(folder);
    } finally {
      await Promise.all(stops.map((stop) => stop()));
      hardship.cleanUp?.();
      await rm(folder, { recursive: true, force: true });
    }
  }

  /** Starts one of the four in this process; what is answered stops it. */
  async start(
    party: Party,
    folder: string,
    ports: Ports,
    { clock = systemClock, beforeWork = async () => undefined }: Hardship = {},
  ): Promise<() => Promise<unknown>> {
    const log = silentLogger();
    if (party === 'coordinator') {
      const config = testConfig(this.consortium, join(folder, 'coordinator'), ports);
      const { stop } = await startCoordinator(config, { log, clock });
      return stop;
    }
    const config = resolveSiteConfig(
      siteConfigSchema.parse(siteConfig(folder, party, ports)),
      join(folder, 'site.yaml'),
    );
    const trainer = new DigestTrainer(party, (work) => beforeWork(work, party));
    const agent = await startAgent(config, { log, pace: PACE, trainer });
    return () => agent.stop();
  }

  /** What one of the four is started with in a process of its own (`mortal.mjs`). */
  settings(party: Party, folder: string, ports: Ports): object {
    if (party !== 'coordinator') return { config: siteConfig(folder, party, ports), pace: PACE };
    return testConfig(this.consortium, join(folder, 'coordinator'), ports);
  }

  /** Until the job has ended and no site has anything left to deliver. */
  async untilEnded(
    operator: CoordinatorClient,
    folder: string,
    onFailed: () => Promise<unknown> = () => Promise.reject(new Error('the job failed')),
  ): Promise<void> {
    for (;;) {
      const status = await operator.job(this.job).then(
        (found) => found.status,
        () => 'away', // The coordinator is the one that dies.
      );
      if (status === 'failed') await onFailed();
      if (status === 'completed') break;
      await setTimeout(LOOK_MS);
    }
    await untilDelivered(folder);
  }

  outcome(folder: string): Promise<Outcome> {
    return this.withStore(folder, async (store) => {
      const rounds = await store.rounds(this.job);
      const status = (await store.job(this.job))?.state.status ?? 'failed';
      const receipts = SITES.map((site) => count(stateFolder(join(folder, site)).receipts));
      const waiting = await undelivered(folder);
      return {
        status,
        rounds: await Promise.all(
          rounds.map(async ({ round, model, serverState }) => {
            const updates = await store.updates(this.job, round);
            return [model, serverState, updates.length] as const;
          }),
        ),
        sites: (await Promise.all(receipts)).map((held, at) => [held, waiting[at] ?? 0] as const),
      };
    });
  }

  /** What a run has left in its coordinator's store, whose program has ended. */
  async withStore<Found>(folder: string, look: (store: Store) => Promise<Found>): Promise<Found> {
    const config = testConfig(this.consortium, join(folder, 'coordinator'));
    const store = await openConfiguredStore(config, {
      clock: systemClock,
      chance: systemChance,
      log: silentLogger(),
      onStandby: async () => undefined,
    });
    try {
      return await look(store);
    } finally {
      await store.close();
    }
  }

  async remove(): Promise<void> {
    await rm(this.folder, { recursive: true });
  }
}

/** Enrols a site: its key is there, as an enrolment that was cut off leaves it. */
async function admit(
  consortium: TestConsortium,
  operator: CoordinatorClient,
  folder: string,
  site: (typeof SITES)[number],
): Promise<void> {
  const config = resolveSiteConfig(
    siteConfigSchema.parse(siteConfig(folder, site)),
    join(folder, 'site.yaml'),
  );
  const { credentials } = stateFolder(config.stateDir);
  await mkdir(credentials, { recursive: true });
  const { privateKeyPem } = consortium.siteKeys.get(site) as KeyPair;
  await writeFile(join(credentials, 'pending.key'), privateKeyPem, { mode: 0o600 });
  const { expiresAtMs, ...invitation } = await operator.inviteSite(site);
  const terms = { kind: 'fedvox/invitation/v1', federation: FEDERATION } as const;
  await enroll(
    config,
    { ...invitation, ...terms, expiresAt: new Date(expiresAtMs).toISOString() },
    systemClock,
  );
}

function siteConfig(folder: string, site: string, ports?: Ports): SiteConfigInput {
  return {
    site,
    stateDir: join(folder, site),
    ...(ports !== undefined && { coordinator: `localhost:${ports.federationPort}` }),
    data: { kind: 'msd', path: 'none' },
    engine: 'cpu',
    // Where rounds overlap, two of three are enough.
    policy: { minCohort: 2 },
  };
}

const LOOK_MS = 20;

/** Until no site has anything left to deliver. */
export async function untilDelivered(folder: string): Promise<void> {
  while ((await undelivered(folder)).some((answers) => answers > 0)) await setTimeout(LOOK_MS);
}

export function undelivered(folder: string): Promise<number[]> {
  return Promise.all(SITES.map((site) => count(stateFolder(join(folder, site)).outbox)));
}

const count = async (folder: string) =>
  (await readdir(folder)).filter((name) => !name.startsWith('.')).length;
